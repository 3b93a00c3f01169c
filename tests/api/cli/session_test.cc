#include "api/cli/session.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "api/cli/password.h"
#include "common/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace lectern::cli {
namespace {

using lectern::testing::StatusIs;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { setenv("XDG_CONFIG_HOME", dir_.path().c_str(), 1); }
  ~SessionTest() override { unsetenv("XDG_CONFIG_HOME"); }
  lectern::testing::TempDir dir_;
};

TEST_F(SessionTest, IsKeptForItsEndpointOnlyAndForItsOwnerOnly) {
  ASSERT_OK(KeepSession("host:1", "secret"));
  EXPECT_EQ(LoadSession("host:1"), "secret");
  EXPECT_EQ(LoadSession("host:2"), "");
  struct stat stat = {};
  ASSERT_EQ(::stat(SessionFile("host:1").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
  ForgetSession("host:1");
  EXPECT_EQ(LoadSession("host:1"), "");
}

TEST_F(SessionTest, EndpointsCannotNameOtherFolders) {
  EXPECT_EQ(SessionFile("../../etc/passwd"), dir_.path() + "/lectern/session-.._.._etc_passwd");
}

TEST_F(SessionTest, PasswordComesFromTheFileThenFromTheEnvironment) {
  ASSERT_OK(WriteFileAtomically(dir_ / "password", "from file\nmore\n"));
  setenv("LECTERN_PASSWORD", "from environment", 1);
  EXPECT_EQ(ReadPassword(dir_ / "password", "?").value(), "from file");
  EXPECT_EQ(ReadPassword("", "?").value(), "from environment");
  unsetenv("LECTERN_PASSWORD");
  EXPECT_THAT(ReadPassword(dir_ / "absent", "?"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lectern::cli
