#include "api/control/directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/control/link_session.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {

struct DirectoryPublisher::State {
  bool loaded = false;
  std::string content;        // serialised without its generation, for comparing
  v1::Directory directory;
};

namespace {

// Workers need no keys: they present tokens and check none.
void KeepFor(const std::string& kind, v1::Directory& directory) {
  if (kind != "edge") directory.clear_origins();
  if (kind == "worker") {
    directory.clear_keys();
    directory.clear_revocations();
  }
}

v1::ServerMessage MessageFor(const std::string& kind, const v1::Directory& directory) {
  v1::ServerMessage message;
  *message.mutable_directory() = directory;
  KeepFor(kind, *message.mutable_directory());
  return message;
}

}  // namespace

DirectoryPublisher::DirectoryPublisher(Shared& shared, SessionTable& sessions)
    : shared_(shared), sessions_(sessions), state_(std::make_unique<State>()) {}

DirectoryPublisher::~DirectoryPublisher() = default;

absl::Status DirectoryPublisher::Load() {
  ASSIGN_OR_RETURN(std::vector<PublicKey> keys, shared_.keys.public_keys());
  ASSIGN_OR_RETURN(std::vector<OriginRow> origins, shared_.links.ListOrigins());
  ASSIGN_OR_RETURN(std::vector<RevocationRow> revocations, shared_.revocations.ListLive());
  v1::Directory directory;
  for (const PublicKey& key : keys) {
    v1::Key& entry = *directory.add_keys();
    entry.set_key_id(key.key_id);
    entry.set_audience(std::string(AudienceWord(key.audience)));
    entry.set_public_key(key.bytes);
  }
  for (const OriginRow& row : origins) {
    v1::Origin& origin = *directory.add_origins();
    origin.set_resource(absl::StrCat("resources/", row.resource));
    origin.set_url(row.url);
  }
  for (const RevocationRow& row : revocations) {
    v1::Revocation& revocation = *directory.add_revocations();
    revocation.set_lecture(row.lecture_id);
    revocation.set_subject(row.subject);
    const int64_t micros = absl::ToUnixMicros(row.issued_before);
    revocation.mutable_issued_before()->set_seconds(micros / 1'000'000);
    revocation.mutable_issued_before()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  }
  std::string content = directory.SerializeAsString();
  absl::MutexLock lock(&mu_);
  if (state_->loaded && content == state_->content) return absl::OkStatus();
  // Grows across restarts and instances as well, as far as their clocks agree.
  const auto now = static_cast<uint64_t>(absl::ToUnixMicros(shared_.clock.Now()));
  directory.set_generation(std::max(now, state_->directory.generation() + 1));
  state_->loaded = true;
  state_->content = std::move(content);
  state_->directory = std::move(directory);
  return absl::OkStatus();
}

void DirectoryPublisher::Refresh() {
  uint64_t before;
  {
    absl::MutexLock lock(&mu_);
    before = state_->directory.generation();
  }
  if (const absl::Status loaded = Load(); !loaded.ok()) {
    log::Warn("the directory could not be read", {{"error", loaded.ToString()}});
    return;
  }
  v1::Directory directory;
  {
    absl::MutexLock lock(&mu_);
    if (state_->directory.generation() == before) return;
    directory = state_->directory;
  }
  for (const std::shared_ptr<LinkSession>& session : sessions_.All()) session->Send(MessageFor(session->kind(), directory));
}

void DirectoryPublisher::SendTo(LinkSession& session) {
  uint64_t sent = 0;
  while (true) {
    v1::Directory directory;
    {
      absl::MutexLock lock(&mu_);
      if (state_->loaded && state_->directory.generation() == sent) return;
      directory = state_->directory;
    }
    if (directory.generation() == 0) return Refresh();   // sends it to this session too, which is in the table by now
    // Once more where it changed meanwhile: Refresh may have overtaken this message with a newer one.
    session.Send(MessageFor(session.kind(), directory));
    sent = directory.generation();
  }
}

}  // namespace lectern::api
