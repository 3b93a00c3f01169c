#include "api/openapi/document.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace lectern::api {
namespace {

using Json = nlohmann::json;

const Json& Document() {
  static const Json* document = new Json(Json::parse(OpenApiDocument("1.2.3")));
  return *document;
}

void Walk(const Json& value, const std::function<void(const std::string& key, const Json& value)>& visit) {
  for (const auto& [key, child] : value.items()) {
    visit(key, child);
    if (child.is_structured()) Walk(child, visit);
  }
}

const Json& Operation(const std::string& path, const std::string& verb) { return Document().at("paths").at(path).at(verb); }

const Json& Parameter(const Json& operation, const std::string& name) {
  for (const Json& parameter : operation.at("parameters")) {
    if (parameter.at("name") == name) return parameter;
  }
  static const Json kNone;
  return kNone;
}

TEST(OpenApiTest, SaysWhatItIs) {
  EXPECT_EQ(Document().at("openapi"), "3.1.0");
  EXPECT_EQ(Document().at("info").at("version"), "1.2.3");
}

TEST(OpenApiTest, EveryReferenceLeadsSomewhere) {
  int references = 0;
  Walk(Document(), [&](const std::string& key, const Json& value) {
    if (key != "$ref") return;
    ++references;
    const std::string target = value.get<std::string>().substr(1);
    EXPECT_TRUE(Document().contains(Json::json_pointer(target))) << target;
  });
  EXPECT_GT(references, 100);
}

TEST(OpenApiTest, NoTwoOperationsShareAnId) {
  std::set<std::string> seen;
  for (const auto& [path, verbs] : Document().at("paths").items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      EXPECT_TRUE(seen.insert(operation.at("operationId")).second) << operation.at("operationId");
    }
  }
  EXPECT_GT(seen.size(), 90u);
}

TEST(OpenApiTest, EveryPartOfAPathIsAParameterAndTheOtherWayRound) {
  for (const auto& [path, verbs] : Document().at("paths").items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      std::set<std::string> in_path, described;
      for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
        in_path.insert(path.substr(at + 1, path.find('}', at) - at - 1));
      }
      for (const Json& parameter : operation.value("parameters", Json::array())) {
        if (parameter.at("in") == "path") described.insert(parameter.at("name"));
      }
      EXPECT_EQ(in_path, described) << verb << " " << path;
    }
  }
}

TEST(OpenApiTest, NamesPathsAfterCollections) {
  EXPECT_TRUE(Document().at("paths").contains("/v1/courses/{course}:pin"));
  EXPECT_TRUE(Document().at("paths").contains("/v1/calendars/{token}"));
  EXPECT_EQ(Parameter(Operation("/v1/courses/{course}/lectures", "get"), "course").at("in"), "path");
}

TEST(OpenApiTest, DescribesQueryBodyAndAnswer) {
  const Json& list = Operation("/v1/courses", "get");
  EXPECT_EQ(Parameter(list, "pageSize").at("schema").at("type"), "integer");
  EXPECT_EQ(list.at("responses").at("200").at("content").at("application/json").at("schema").at("$ref"),
            "#/components/schemas/ListCoursesResponse");
  EXPECT_FALSE(list.contains("requestBody"));
  const Json& create = Operation("/v1/lectures/{lecture}/bookmarks", "post");
  const Json& body = create.at("requestBody").at("content").at("application/json").at("schema").at("properties");
  EXPECT_TRUE(body.contains("position"));
  EXPECT_FALSE(body.contains("lecture")) << "the path says it";
}

TEST(OpenApiTest, WritesTypesAsTheGatewayDoes) {
  const Json& schemas = Document().at("components").at("schemas");
  EXPECT_EQ(schemas.at("Upload").at("properties").at("expireTime").at("format"), "date-time");
  EXPECT_EQ(schemas.at("LectureView").at("properties").at("uploadedBytes").at("type"), "string");
  EXPECT_EQ(schemas.at("Job").at("properties").at("attempts").at("type"), "array");
  EXPECT_EQ(schemas.at("Visibility").at("enum").at(1), "PUBLIC");
  EXPECT_EQ(schemas.at("LoginRequest").at("properties").at("password").at("format"), "password");
}

TEST(OpenApiTest, SigningOutAnswersNothing) {
  const Json& answers = Operation("/session", "delete").at("responses");
  EXPECT_TRUE(answers.contains("204")) << answers;
  EXPECT_FALSE(answers.contains("200"));
}

TEST(OpenApiTest, TellsStreamsAndFilesFromJson) {
  const Json& watch = Operation("/v1/resources:watch", "get").at("responses").at("200").at("content");
  EXPECT_TRUE(watch.contains("text/event-stream"));
  EXPECT_TRUE(Operation("/v1/courses/{course}/calendar.ics", "get").at("responses").at("200").at("content").contains("*/*"));
}

TEST(OpenApiTest, SaysWhoMayCallAndTakesCommentsFromTheDefinitions) {
  const Json& course = Operation("/v1/courses/{course}", "get");
  EXPECT_NE(course.at("description").get<std::string>().find("For who may watch"), std::string::npos);
  EXPECT_NE(course.at("description").get<std::string>().find("NOT_FOUND"), std::string::npos);
  EXPECT_EQ(course.at("security").size(), 2u);
  EXPECT_EQ(Operation("/v1/courses", "get").at("security").at(0), Json::object());
}

TEST(OpenApiTest, LeavesOutWhatOnlyResourcesMayCall) {
  const std::string text = Document().dump();
  EXPECT_EQ(text.find("AcquireIngest"), std::string::npos);
  EXPECT_EQ(text.find("ResourceLink"), std::string::npos);
}

}  // namespace
}  // namespace lectern::api
