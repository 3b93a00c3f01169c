#include "api/services/source_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace lectern::api {
namespace {

using testing::StatusIs;

TEST(SourceUrlTest, ShowsTheAddressWithoutItsSecrets) {
  const std::pair<const char*, const char*> cases[] = {
      {"rtsp://10.0.0.7/stream1", "rtsp://10.0.0.7/stream1"},
      {"rtsp://viewer:hunter2@10.0.0.7:554/stream1", "rtsp://***@10.0.0.7:554/stream1"},
      {"rtsp://viewer@camera.example.org", "rtsp://***@camera.example.org"},
      {"rtsps://u:p@ss@camera/x", "rtsps://***@camera/x"},
      {"RTMP://host/live/a?key=hunter2&x=1", "rtmp://host/live/a?***"},
      {"rtmps://[2001:db8::7]:1935/live", "rtmps://[2001:db8::7]:1935/live"},
      {"rtsp://u:p%2Fw@host/a", "rtsp://***@host/a"},
  };
  for (const auto& [url, shown] : cases) EXPECT_EQ(ShownSource(url).value_or("refused"), shown) << url;
}

TEST(SourceUrlTest, RefusesEverythingElseWithoutRepeatingIt) {
  for (const std::string& url :
       {std::string("http://hunter2/"), std::string("file:///etc/hunter2"), std::string("concat:hunter2"), std::string("rtsp:hunter2"),
        std::string("rtsp://"), std::string("rtsp:///hunter2"), std::string("rtsp://u:hunter2@/a"), std::string("rtsp://host:0/hunter2"),
        std::string("rtsp://host:70000/hunter2"), std::string("rtsp://host:hunter2/a"), std::string("rtsp://u:1/hunter2@host/a"),
        std::string("rtsp://host/hunter2 -i /etc/passwd"), std::string("rtsp://host/hunter2\n"), std::string("rtsp://-hunter2/a"),
        std::string("rtsp://[hunter2]/a"), std::string("rtsp://[::1/hunter2"), std::string("rtsp://host/") + std::string(2000, 'x'),
        std::string("rtsp://host#hunter2"), std::string("rtsp://host\\hunter2")}) {
    absl::Status status = ShownSource(url).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "BAD_SOURCE")) << url;
    EXPECT_THAT(std::string(status.message()), ::testing::Not(::testing::HasSubstr("hunter2"))) << url;
  }
}

}  // namespace
}  // namespace lectern::api
