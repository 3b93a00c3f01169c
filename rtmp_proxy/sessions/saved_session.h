// What is kept on disk of a publisher that is let in, so that a restarted proxy takes it up again. No secrets.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lectern::proxy {

struct SavedSession {
  std::string stream;             // liveStreams/12; empty: the API has not said yet
  std::string lecture;
  std::string view;
  std::string token_hash;
  std::string peer;
  int64_t start_ms = 0;
  int64_t api_ahead_ms = 0;       // of the API's clock before ours (the wall clock)
};

// One file a publisher, named as the front names it. Thread-safe for different names.
class SessionFolder {
 public:
  explicit SessionFolder(std::string path) : path_(std::move(path)) {}

  absl::Status Save(const std::string& name, const SavedSession& session) const;
  void Remove(const std::string& name) const;
  // By name. Damaged files are removed.
  std::map<std::string, SavedSession> LoadAll() const;

 private:
  const std::string path_;
};

}  // namespace lectern::proxy
