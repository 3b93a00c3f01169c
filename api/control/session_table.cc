#include "api/control/session_table.h"

#include <utility>

#include "api/control/link_session.h"

namespace lectern::api {

std::shared_ptr<LinkSession> SessionTable::Put(const std::shared_ptr<LinkSession>& session) {
  absl::MutexLock lock(&mu_);
  return std::exchange(sessions_[session->resource()], session);
}

void SessionTable::Remove(const LinkSession& session) {
  std::shared_ptr<LinkSession> removed;   // destroyed without the lock
  absl::MutexLock lock(&mu_);
  const auto found = sessions_.find(session.resource());
  if (found == sessions_.end() || found->second.get() != &session) return;
  removed = std::move(found->second);
  sessions_.erase(found);
}

std::shared_ptr<LinkSession> SessionTable::Find(int64_t resource) const {
  absl::MutexLock lock(&mu_);
  const auto found = sessions_.find(resource);
  return found == sessions_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<LinkSession>> SessionTable::All() const {
  absl::MutexLock lock(&mu_);
  std::vector<std::shared_ptr<LinkSession>> all;
  all.reserve(sessions_.size());
  for (const auto& [resource, session] : sessions_) all.push_back(session);
  return all;
}

int SessionTable::size() const {
  absl::MutexLock lock(&mu_);
  return static_cast<int>(sessions_.size());
}

}  // namespace lectern::api
