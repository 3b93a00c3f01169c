#include "api/openapi/document.h"

#include <utility>

#include "api/openapi/descriptors.h"
#include "api/openapi/operations.h"
#include "api/openapi/schemas.h"

namespace lectern::api {
namespace {

using Json = Schemas::Json;

constexpr char kAbout[] =
    "Everything that Lectern can do, as JSON over HTTP: the same calls as over gRPC, with the same rights.\n\n"
    "Field names are lowerCamelCase; unknown fields and parameters are refused with their path. 64-bit integers are strings, "
    "times RFC 3339, durations seconds with an `s`. Lists take `pageSize` and `pageToken` and answer `nextPageToken`. A stream "
    "of events sends a comment line every 15 seconds; an event `error` holds an error, after which it ends. Answers to GET have an "
    "`ETag`.";

Json Text(const char* format = nullptr) {
  Json schema = {{"type", "string"}};
  if (format != nullptr) schema["format"] = format;
  return schema;
}

// A response with a JSON body.
Json JsonAnswer(const char* words, Json schema) {
  return {{"description", words}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

Json ErrorReference() { return {{"$ref", "#/components/responses/Error"}}; }

Json Error() {
  Json fields = {{"code", {{"type", "integer"}, {"description", "The HTTP status."}}},
                 {"status", {{"type", "string"}, {"description", "The word of the gRPC status."}, {"examples", {"NOT_FOUND"}}}},
                 {"message", {{"type", "string"}, {"description", "For a person: what was wrong, with which value, what to do."}}},
                 {"reason", {{"type", "string"}, {"description", "For programs."}, {"examples", {"COURSE_NOT_FOUND"}}}}};
  return {{"type", "object"},
          {"required", {"error"}},
          {"properties", {{"error", {{"type", "object"}, {"required", {"code", "status", "message"}}, {"properties", fields}}}}}};
}

Json ErrorAnswer() {
  return JsonAnswer("Refused or failed; 429 and 503 say in `Retry-After` when to try again.",
                    {{"$ref", "#/components/schemas/Error"}});
}

// The browser's way to sign in; the gateway's own, not a method.
Json Session() {
  Json credentials = {{"type", "object"},
                      {"required", {"email", "password"}},
                      {"properties", {{"email", Text()}, {"password", Text("password")}}}};
  Json user = {{"$ref", "#/components/schemas/User"}};
  Json signed_in = {{"type", "object"}, {"properties", {{"user", std::move(user)}, {"expireTime", Text("date-time")}}}};
  Json start = {{"operationId", "startSession"},
                {"tags", {"Session"}},
                {"summary", "Sign in"},
                {"description", "Signs in and sets the session's cookie. From pages of the same origin only."},
                {"requestBody", {{"required", true}, {"content", {{"application/json", {{"schema", credentials}}}}}}},
                {"responses", {{"200", JsonAnswer("The cookie is set.", std::move(signed_in))}, {"default", ErrorReference()}}},
                {"security", Json::array({Json::object()})}};
  Json end = {{"operationId", "endSession"},
              {"tags", {"Session"}},
              {"summary", "Sign out"},
              {"description", "Ends the session of the cookie and clears the cookie."},
              {"responses", {{"204", {{"description", "There is no session any more."}}}, {"default", ErrorReference()}}},
              {"security", Json::array({Json{{"session", Json::array()}}})}};
  return {{"post", std::move(start)}, {"delete", std::move(end)}};
}

}  // namespace

std::string OpenApiDocument(absl::string_view version) {
  const CommentedDescriptors descriptors;
  Schemas schemas;
  Json paths = Json::object(), tags = Json::array();
  tags.push_back({{"name", "Session"}, {"description", "Signing in with a browser."}});
  paths["/session"] = Session();
  for (const google::protobuf::ServiceDescriptor* service : descriptors.Services()) {
    bool reachable = false;
    for (int i = 0; i < service->method_count(); ++i) {
      for (Operation& operation : OperationsOf(*service->method(i), schemas)) {
        paths[operation.path][operation.verb] = std::move(operation.description);
        reachable = true;
      }
    }
    if (reachable) tags.push_back({{"name", service->name()}, {"description", Prose(CommentOf(*service))}});
  }
  Json components = schemas.Components();
  components["Error"] = Error();
  Json cookie = {{"type", "apiKey"}, {"in", "cookie"}, {"name", "lectern_session"}, {"description", "Set by POST /session."}};
  Json document = {
      {"openapi", "3.1.0"},
      {"info", {{"title", "Lectern"}, {"version", std::string(version)}, {"description", kAbout}}},
      {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", std::move(components)},
        {"responses", {{"Error", ErrorAnswer()}}},
        {"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"description", "The token that Login answers with."}}},
          {"session", std::move(cookie)}}}}}};
  return document.dump() + "\n";
}

}  // namespace lectern::api
