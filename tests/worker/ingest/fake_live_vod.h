// A VOD service that keeps one live recording in memory. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lectern::v1 {
class LiveSet;
}

namespace lectern::testing {

class FakeLiveVod {
 public:
  static constexpr char kBearer[] = "job-token";

  FakeLiveVod();
  ~FakeLiveVod();

  std::string url() const;
  // Refuses connections; the next start listens at the same port.
  void Stop();
  void Start();

  std::atomic<int> answer = 0;             // answers this status to everything instead; 0: works
  std::atomic<int> answer_to_sets = 0;
  std::atomic<int> lose_answers = 0;       // so many sets are stored, and the answer is 500
  std::atomic<int> opens = 0;
  std::atomic<int> previews = 0;

  // As if a worker with this fence had opened it.
  void Fence(int64_t fence);
  // As if sets up to `end_ms` were there.
  void Preset(int64_t origin_ms, int64_t end_ms, int64_t sets);
  // The next set of any fence must have this number.
  void ExpectNumber(int64_t number);

  std::vector<v1::LiveSet> sets() const;
  std::map<std::string, std::string> files() const;
  // What the first segment of each set holds.
  std::vector<std::string> contents() const;
  // False after a while.
  bool WaitForSets(size_t count) const;
  std::string preview() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lectern::testing
