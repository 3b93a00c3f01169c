#include "common/config/flags.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace lectern {
namespace {

struct Values {
  std::string name = "default";
  int64_t count = 3;
  bool on = false;
  absl::Duration wait = absl::Seconds(5);
  int64_t bytes = 1 << 20;
  std::vector<std::string> list;
  std::string secret;
};

std::optional<int> ParseInto(Values& values, std::vector<const char*> arguments) {
  Flags flags("program", "A test.");
  flags.String("name", &values.name, "a name");
  flags.Int("count", &values.count, "a count");
  flags.Bool("on", &values.on, "a switch");
  flags.Duration("wait", &values.wait, "a duration");
  flags.Bytes("bytes", &values.bytes, "a size");
  flags.Strings("list", &values.list, "a list");
  flags.Secret("LECTERN_TEST_SECRET", &values.secret, "a secret");
  arguments.insert(arguments.begin(), "program");
  return flags.Parse(static_cast<int>(arguments.size()), const_cast<char**>(arguments.data()));
}

TEST(FlagsTest, TheCommandLineWinsOverTheEnvironmentAndItOverTheDefault) {
  setenv("LECTERN_NAME", "environment", 1);
  setenv("LECTERN_COUNT", "7", 1);
  Values values;
  EXPECT_EQ(ParseInto(values, {"--name=line", "--wait", "1.5s", "--bytes=2G", "--on", "--list=a,b"}), std::nullopt);
  unsetenv("LECTERN_NAME");
  unsetenv("LECTERN_COUNT");
  EXPECT_EQ(values.name, "line");
  EXPECT_EQ(values.count, 7);
  EXPECT_EQ(values.wait, absl::Milliseconds(1500));
  EXPECT_EQ(values.bytes, int64_t{2} << 30);
  EXPECT_TRUE(values.on);
  EXPECT_EQ(values.list, (std::vector<std::string>{"a", "b"}));
}

TEST(FlagsTest, ASecretComesFromTheEnvironmentAndLeavesIt) {
  setenv("LECTERN_TEST_SECRET", "hush", 1);
  Values values;
  EXPECT_EQ(ParseInto(values, {}), std::nullopt);
  EXPECT_EQ(values.secret, "hush");
  EXPECT_EQ(getenv("LECTERN_TEST_SECRET"), nullptr);
}

TEST(FlagsTest, WrongUsageIsOneLineThatNamesTheValue) {
  for (const char* bad : {"--count=x", "--wait=5", "--bytes=-1", "--wait=-1s", "--unknown=1", "--bytes=9999999999T"}) {
    Values values;
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(ParseInto(values, {bad}), 2) << bad;
    std::string line = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  }
}

TEST(FlagsTest, HelpListsEveryFlagWithItsVariableAndEndsWithSuccess) {
  Values values;
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(ParseInto(values, {"--help"}), 0);
  std::string help = ::testing::internal::GetCapturedStdout();
  for (const char* text : {"--name", "LECTERN_WAIT", "--bytes", "1M", "LECTERN_TEST_SECRET"}) {
    EXPECT_NE(help.find(text), std::string::npos) << text << "\n" << help;
  }
}

}  // namespace
}  // namespace lectern
