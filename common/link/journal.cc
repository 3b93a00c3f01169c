#include "common/link/journal.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::link {
namespace {

// Messages of a stream are far smaller; a bigger file is not ours.
constexpr size_t kMaxOutcomeBytes = 4 << 20;

}  // namespace

v1::RunningJob JobOf(const v1::ResourceMessage& outcome) {
  v1::RunningJob job;
  auto take = [&job](const auto& message) {
    job.set_job(message.job());
    job.set_token(message.token());
  };
  if (outcome.has_done()) take(outcome.done());
  if (outcome.has_failed()) take(outcome.failed());
  if (outcome.has_cancelled()) take(outcome.cancelled());
  return job;
}

absl::StatusOr<Journal> Journal::Open(const std::string& directory) {
  RETURN_IF_ERROR(Annotate(MakeDirectories(directory, 0700), "journal of outcomes"));
  return Journal(directory);
}

std::string Journal::PathOf(int64_t job, int64_t token) const { return absl::StrCat(directory_, "/", job, "-", token); }

std::vector<v1::ResourceMessage> Journal::Load() {
  std::vector<v1::ResourceMessage> outcomes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    absl::StatusOr<std::string> bytes = ReadFile(entry.path().string(), kMaxOutcomeBytes);
    v1::ResourceMessage outcome;
    if (bytes.ok() && outcome.ParseFromString(*bytes)) {
      v1::RunningJob job = JobOf(outcome);
      if (job.job() != 0 && PathOf(job.job(), job.token()) == entry.path().string()) {
        outcomes.push_back(std::move(outcome));
        continue;
      }
    }
    log::Warn("removed a broken file from the journal of outcomes", {{"file", entry.path().string()}});
    unlink(entry.path().c_str());
  }
  absl::c_sort(outcomes, [](const v1::ResourceMessage& a, const v1::ResourceMessage& b) {
    v1::RunningJob left = JobOf(a), right = JobOf(b);
    return std::make_pair(left.job(), left.token()) < std::make_pair(right.job(), right.token());
  });
  return outcomes;
}

absl::Status Journal::Write(const v1::ResourceMessage& outcome) {
  v1::RunningJob job = JobOf(outcome);
  return Annotate(WriteFileAtomically(PathOf(job.job(), job.token()), outcome.SerializeAsString(), 0600),
                  "journal of outcomes");
}

void Journal::Forget(int64_t job, int64_t token) { unlink(PathOf(job, token).c_str()); }

void Journal::Clear() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) unlink(entry.path().c_str());
}

}  // namespace lectern::link
