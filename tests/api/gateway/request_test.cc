// From JSON and queries to messages of every type of field.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "api/gateway/field_text.h"
#include "api/gateway/json_body.h"
#include "api/gateway/json_value.h"
#include "api/gateway/query.h"
#include "lectern/v1/auth.pb.h"
#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

namespace pb = google::protobuf;
using testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kFile[] = R"(
  name: "test.proto" package: "test" syntax: "proto3"
  dependency: "google/protobuf/timestamp.proto" dependency: "google/protobuf/duration.proto"
  dependency: "google/protobuf/field_mask.proto"
  enum_type { name: "Colour" value { name: "NONE" number: 0 } value { name: "RED" number: 1 } }
  message_type {
    name: "All"
    field { name: "small_number" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL json_name: "smallNumber" }
    field { name: "big" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL json_name: "big" }
    field { name: "natural" number: 3 type: TYPE_UINT32 label: LABEL_OPTIONAL json_name: "natural" }
    field { name: "huge" number: 4 type: TYPE_UINT64 label: LABEL_OPTIONAL json_name: "huge" }
    field { name: "real" number: 5 type: TYPE_DOUBLE label: LABEL_OPTIONAL json_name: "real" }
    field { name: "half" number: 6 type: TYPE_FLOAT label: LABEL_OPTIONAL json_name: "half" }
    field { name: "flag" number: 7 type: TYPE_BOOL label: LABEL_OPTIONAL json_name: "flag" }
    field { name: "text" number: 8 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "text" }
    field { name: "raw" number: 9 type: TYPE_BYTES label: LABEL_OPTIONAL json_name: "raw" }
    field { name: "colour" number: 10 type: TYPE_ENUM type_name: "Colour" label: LABEL_OPTIONAL json_name: "colour" }
    field { name: "colours" number: 11 type: TYPE_ENUM type_name: "Colour" label: LABEL_REPEATED json_name: "colours" }
    field { name: "start_time" number: 12 type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL json_name: "startTime" }
    field { name: "length" number: 13 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" label: LABEL_OPTIONAL json_name: "length" }
    field { name: "mask" number: 14 type: TYPE_MESSAGE type_name: ".google.protobuf.FieldMask" label: LABEL_OPTIONAL json_name: "mask" }
    field { name: "inner" number: 15 type: TYPE_MESSAGE type_name: ".test.All" label: LABEL_OPTIONAL json_name: "inner" }
    field { name: "inners" number: 16 type: TYPE_MESSAGE type_name: ".test.All" label: LABEL_REPEATED json_name: "inners" }
    field { name: "left" number: 17 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 json_name: "left" }
    field { name: "right" number: 18 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 json_name: "right" }
    oneof_decl { name: "side" }
  }
)";

class RequestTest : public ::testing::Test {
 protected:
  RequestTest() : pool_(pb::DescriptorPool::generated_pool()) {
    // The generated pool loads lazily.
    pb::Timestamp::descriptor();
    pb::Duration::descriptor();
    pb::FieldMask::descriptor();
    factory_.SetDelegateToGeneratedFactory(true);
    pb::FileDescriptorProto file;
    EXPECT_TRUE(pb::TextFormat::ParseFromString(kFile, &file));
    type_ = pool_.BuildFile(file)->FindMessageTypeByName("All");
    message_.reset(factory_.GetPrototype(type_)->New());
  }

  absl::Status Json(const std::string& text) {
    message_->Clear();
    ASSIGN_OR_RETURN(JsonValue value, ParseJson(text));
    return FillMessage(value, *message_, "");
  }
  absl::Status Query(const std::string& text, const Route& route = {}) {
    message_->Clear();
    return FillFromQuery(route, text, *message_);
  }
  std::string Text() {
    std::string text;
    pb::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintToString(*message_, &text);
    return text;
  }
  std::string Message(const absl::Status& status) { return std::string(status.message()); }

  pb::DescriptorPool pool_;
  pb::DynamicMessageFactory factory_{&pool_};
  const pb::Descriptor* type_ = nullptr;
  std::unique_ptr<pb::Message> message_;
};

TEST_F(RequestTest, EveryTypeOfFieldComesFromJson) {
  EXPECT_OK(Json(R"({"smallNumber": -5, "big": "-9223372036854775808", "natural": 4294967295, "huge": 18446744073709551615,
                     "real": 1.5e3, "half": 0.25, "flag": true, "text": "a\"b", "raw": "AQL_", "colour": "RED", "colours": ["RED", 0],
                     "startTime": "2026-03-01T11:15:00+01:00", "length": "1.5s", "mask": "title,startTime",
                     "inner": {"text": "x"}, "inners": [{}, {"flag": true}], "left": "l"})"));
  EXPECT_EQ(Text(), "small_number: -5 big: -9223372036854775808 natural: 4294967295 huge: 18446744073709551615 real: 1500 half: 0.25 "
                    "flag: true text: \"a\\\"b\" raw: \"\\001\\002\\377\" colour: RED colours: RED colours: NONE "
                    "start_time { seconds: 1772360100 } length { seconds: 1 nanos: 500000000 } "
                    "mask { paths: \"title\" paths: \"start_time\" } inner { text: \"x\" } inners { } inners { flag: true } left: \"l\" ");
}

TEST_F(RequestTest, NamesOfTheDefinitionAreTakenButNotBothAtOnce) {
  EXPECT_OK(Json(R"({"small_number": 1, "start_time": null})"));
  EXPECT_EQ(Text(), "small_number: 1 ");
  EXPECT_THAT(Json(R"({"small_number": 1, "smallNumber": 1})"), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
}

TEST_F(RequestTest, AnUnknownFieldIsNamedWithItsPath) {
  absl::Status status = Json(R"({"inner": {"inners": [{}, {"titel": 1}]}})");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_FIELD"));
  EXPECT_THAT(Message(status), HasSubstr("\"inner.inners[1].titel\""));
}

TEST_F(RequestTest, ValuesThatDoNotFitAreRefusedAndNamed) {
  for (const char* text : {
           R"({"smallNumber": 2147483648})", R"({"smallNumber": 1.5})", R"({"smallNumber": "+1"})", R"({"smallNumber": " 1"})",
           R"({"smallNumber": ""})", R"({"smallNumber": true})", R"({"smallNumber": [1]})", R"({"smallNumber": {}})",
           R"({"smallNumber": "0x10"})", R"({"big": 9223372036854775808})", R"({"natural": -1})", R"({"huge": 18446744073709551616})",
           R"({"huge": 1e400})", R"({"real": "1.5x"})", R"({"real": "inf"})", R"({"flag": "true"})", R"({"flag": 1})", R"({"text": 5})",
           R"({"text": null, "text2": 1})", R"({"raw": "###"})", R"({"colour": "BLUE"})", R"({"colour": 7})", R"({"colours": "RED"})",
           R"({"colours": [null]})", R"({"colours": [["RED"]]})", R"({"startTime": 5})", R"({"startTime": "yesterday"})",
           R"({"startTime": {"seconds": 5}})", R"({"length": "1 h"})", R"({"inner": "x"})", R"({"inner": []})", R"({"inners": {}})",
           R"({"inners": [1]})", R"({"left": "l", "right": "r"})", "[]", "\"text\"", "null", "5"}) {
    EXPECT_THAT(Json(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  absl::Status status = Json(R"({"inners": [{"natural": "many"}]})");
  EXPECT_THAT(Message(status), HasSubstr("\"inners[0].natural\": \"many\" is not a whole number"));
  EXPECT_THAT(Message(Json(R"({"colour": "BLUE"})")), HasSubstr("one of NONE, RED"));
}

TEST_F(RequestTest, ASecretIsNotRepeatedInTheMessage) {
  v1::LoginRequest login;
  const pb::FieldDescriptor& password = *v1::LoginRequest::descriptor()->FindFieldByName("password");
  ASSERT_OK(SetFromText(login, password, "hunter2", "password"));
  ASSERT_OK_AND_ASSIGN(JsonValue json, ParseJson(R"({"password": 123456789})"));
  absl::Status status = FillMessage(json, login, "");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD"));
  EXPECT_THAT(Message(status), ::testing::Not(HasSubstr("123456789")));
}

TEST_F(RequestTest, EveryTypeOfFieldComesFromAQuery) {
  EXPECT_OK(Query("smallNumber=-5&big=7&flag=true&text=a+b%26c%3Dd&colours=RED&colours=NONE&startTime=2026-03-01T10:15:00Z&length=3s"
                  "&mask=a,b&inner.inner.text=deep&inner.small_number=2&real=1e3&raw=AQI%3D"));
  EXPECT_EQ(Text(), "small_number: -5 big: 7 real: 1000 flag: true text: \"a b&c=d\" raw: \"\\001\\002\" colours: RED colours: NONE "
                    "start_time { seconds: 1772360100 } length { seconds: 3 } mask { paths: \"a\" paths: \"b\" } "
                    "inner { small_number: 2 inner { text: \"deep\" } } ");
  EXPECT_OK(Query(""));
  EXPECT_OK(Query("text=&&flag=true&"));
  EXPECT_EQ(Text(), "flag: true ");
}

TEST_F(RequestTest, ParametersThatDoNotExistAreNamed) {
  for (const char* text : {"colr=RED", "inner=x", "inner.nothing=1", "text.more=1", "inners.text=x", ".text=1", "=1", "startTime.seconds=5"}) {
    EXPECT_THAT(Query(text), StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER")) << text;
  }
  EXPECT_THAT(Message(Query("text=1&inner.nothing=2")), HasSubstr("\"inner.nothing\""));
}

TEST_F(RequestTest, ParametersThatAreWrongAreNamed) {
  for (const char* text : {"text=a&text=b", "text=%zz", "%zz=1", "text=%00", "text=%FF", "text=a%C3", "text=%ED%A0%80",
                           "inner.text=%C0%AF", "smallNumber=x", "smallNumber", "colours=BLUE"}) {
    EXPECT_THAT(Query(text), StatusIs(absl::StatusCode::kInvalidArgument, "BAD_FIELD")) << text;
  }
}

TEST_F(RequestTest, WhatTheBodyOrThePathSaysIsNoParameter) {
  Route body;
  body.body = Route::Body::kField;
  body.body_field = type_->FindFieldByName("inner");
  EXPECT_THAT(Query("inner.text=x", body), StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER"));
  EXPECT_OK(Query("text=x", body));
  Route path;
  path.variables["text"] = {type_->FindFieldByName("text")};
  EXPECT_THAT(Query("text=x", path), StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER"));
  Route whole;
  whole.body = Route::Body::kWhole;
  EXPECT_THAT(Query("text=x", whole), StatusIs(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER"));
}

}  // namespace
}  // namespace lectern::api
