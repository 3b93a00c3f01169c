#include "api/domain/access.h"

#include "gmock/gmock.h"

namespace lectern::api {
namespace {

Caller Person(const std::string& role) {
  Caller caller;
  caller.kind = Caller::Kind::kUser;
  caller.user_id = 7;
  caller.role = role;
  return caller;
}

Caller Machine() {
  Caller caller;
  caller.kind = Caller::Kind::kResource;
  caller.resource_id = 3;
  return caller;
}

AccessFacts Course(const std::string& visibility) {
  AccessFacts facts;
  facts.exists = true;
  facts.visibility = visibility;
  return facts;
}

TEST(AccessTest, LevelsAreOrderedSoThatAHigherOneIncludesTheLower) {
  EXPECT_LT(Level::kNone, Level::kViewer);
  EXPECT_LT(Level::kViewer, Level::kLecturer);
  EXPECT_LT(Level::kLecturer, Level::kMaintainer);
  EXPECT_LT(Level::kMaintainer, Level::kAdministrator);
}

TEST(AccessTest, AnAnonymousCallerViewsPublicAndHiddenCoursesOnly) {
  EXPECT_EQ(LevelFor(Caller(), Course("public")), Level::kViewer);
  EXPECT_EQ(LevelFor(Caller(), Course("hidden")), Level::kViewer);
  EXPECT_EQ(LevelFor(Caller(), Course("logged_in")), Level::kNone);
  EXPECT_EQ(LevelFor(Caller(), Course("enrolled")), Level::kNone);
}

TEST(AccessTest, RelationsOfAnAnonymousCallerCountForNothing) {
  AccessFacts facts = Course("enrolled");
  facts.enrolled = facts.lecturer = facts.maintains = true;
  EXPECT_EQ(LevelFor(Caller(), facts), Level::kNone);
}

TEST(AccessTest, APersonViewsByVisibilityOrEnrolment) {
  EXPECT_EQ(LevelFor(Person("student"), Course("public")), Level::kViewer);
  EXPECT_EQ(LevelFor(Person("student"), Course("logged_in")), Level::kViewer);
  EXPECT_EQ(LevelFor(Person("student"), Course("hidden")), Level::kViewer);
  EXPECT_EQ(LevelFor(Person("student"), Course("enrolled")), Level::kNone);
  AccessFacts enrolled = Course("enrolled");
  enrolled.enrolled = true;
  EXPECT_EQ(LevelFor(Person("student"), enrolled), Level::kViewer);
}

TEST(AccessTest, TheRoleLecturerAloneGivesNoRightOnACourse) {
  EXPECT_EQ(LevelFor(Person("lecturer"), Course("enrolled")), Level::kNone);
}

TEST(AccessTest, TheHighestRelationDecides) {
  AccessFacts facts = Course("enrolled");
  facts.enrolled = facts.lecturer = true;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kLecturer);
  facts.maintains = true;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kMaintainer);
  EXPECT_EQ(LevelFor(Person("administrator"), facts), Level::kAdministrator);
}

TEST(AccessTest, ARehearsalIsForItsLecturerAndAdministratorsOnly) {
  AccessFacts facts = Course("public");
  facts.rehearsal_of = 8;
  facts.enrolled = facts.lecturer = facts.maintains = true;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kNone);
  EXPECT_EQ(LevelFor(Caller(), facts), Level::kNone);
  EXPECT_EQ(LevelFor(Machine(), facts), Level::kNone);
  EXPECT_EQ(LevelFor(Person("administrator"), facts), Level::kAdministrator);
  facts.rehearsal_of = 7;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kLecturer);
}

TEST(AccessTest, MaintainersSeeWhatCarriesARehearsal) {
  AccessFacts facts = Course("public");
  facts.rehearsal_of = 8;
  facts.machinery = true;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kNone);
  facts.maintains = true;
  EXPECT_EQ(LevelFor(Person("lecturer"), facts), Level::kMaintainer);
  EXPECT_EQ(LevelFor(Caller(), facts), Level::kNone);
}

TEST(AccessTest, AnObjectWithoutACourseIsForItsMaintainersOnly) {
  EXPECT_EQ(LevelFor(Person("student"), Course("")), Level::kNone);
  AccessFacts facts = Course("");
  facts.maintains = true;
  EXPECT_EQ(LevelFor(Person("student"), facts), Level::kMaintainer);
}

TEST(AccessTest, WhatDoesNotExistIsForNobodyButAnAdministrator) {
  EXPECT_EQ(LevelFor(Caller(), AccessFacts()), Level::kNone);
  EXPECT_EQ(LevelFor(Person("student"), AccessFacts()), Level::kNone);
  EXPECT_EQ(LevelFor(Person("administrator"), AccessFacts()), Level::kAdministrator);
}

TEST(AccessTest, AResourceHasNoLevelEvenForAPublicCourse) {
  AccessFacts facts = Course("public");
  facts.maintains = true;
  EXPECT_EQ(LevelFor(Machine(), facts), Level::kNone);
}

TEST(AccessTest, AResourceThatClaimsARoleIsNoAdministrator) {
  Caller caller = Machine();
  caller.role = "administrator";
  EXPECT_FALSE(caller.is_administrator());
  EXPECT_EQ(LevelFor(caller, Course("public")), Level::kNone);
}

TEST(AccessTest, CallersHaveTheNamesOfTheApi) {
  EXPECT_EQ(Caller().Name(), "");
  EXPECT_EQ(Person("student").Name(), "users/7");
  EXPECT_EQ(Machine().Name(), "resources/3");
}

}  // namespace
}  // namespace lectern::api
