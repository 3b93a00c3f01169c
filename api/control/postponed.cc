#include "api/control/postponed.h"

#include <utility>

#include "api/control/link_session.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

constexpr size_t kMostPostponed = 10'000;

}  // namespace

struct Postponed::Entry {
  std::weak_ptr<LinkSession> session;
  std::unique_ptr<v1::ResourceMessage> message;
};

Postponed::Postponed() = default;
Postponed::~Postponed() = default;

bool Postponed::Add(std::weak_ptr<LinkSession> session, std::unique_ptr<v1::ResourceMessage> message) {
  absl::MutexLock lock(&mu_);
  if (entries_.size() >= kMostPostponed) return false;
  entries_.push_back({std::move(session), std::move(message)});
  return true;
}

void Postponed::Flush() {
  std::vector<Entry> entries;
  {
    absl::MutexLock lock(&mu_);
    entries.swap(entries_);
  }
  for (Entry& entry : entries) {
    if (std::shared_ptr<LinkSession> session = entry.session.lock()) session->Retry(std::move(entry.message));
  }
}

}  // namespace lectern::api
