// A worker that stores what is on air, as a test tells it.
#pragma once

#include <string>
#include <vector>

#include "tests/vod_service/support/vod_fixture.h"

namespace lectern::v1 {
class LiveSet;
class LiveStored;
}  // namespace lectern::v1

namespace lectern::vod::testing {

// One holder: a job and the fence of its lease.
class LiveClient {
 public:
  LiveClient(int port, const VodKeys& keys, std::string upload, int64_t job, int64_t fence);

  Reply Open(int64_t start_time_ms = 1'700'000'000'000);
  Reply Put(const std::string& name, const std::string& bytes);
  Reply PutPreview(const std::string& bytes);
  Reply Commit(const v1::LiveSet& set);

  // A set of made-up segments. Another `init` is another init segment of each track.
  v1::LiveSet Set(int64_t number, int64_t start_ms, int64_t end_ms,
                  const std::vector<std::string>& labels = {"720p", "audio"}, const std::string& init = "init");
  // Stores the files of the set, then the set.
  Reply Store(const v1::LiveSet& set);

  // Number -1: the answer is none.
  static v1::LiveStored Stored(const Reply& reply);
  std::string Path(const std::string& what) const;
  const std::string& bearer() const { return bearer_; }

 private:
  const int port_;
  const int64_t job_;
  const int64_t fence_;
  const std::string bearer_;
};

}  // namespace lectern::vod::testing
