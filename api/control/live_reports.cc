#include "api/control/live_reports.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "lectern/v1/link.pb.h"

namespace lectern::api {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr absl::Duration kForget = absl::Minutes(5);
constexpr size_t kMostWaiting = 10'000;
constexpr int kMostRenditions = 20;
constexpr int kMostWarnings = 20;
constexpr size_t kLongestJson = 8192;
constexpr size_t kLongestWord = 200;
constexpr int64_t kMostBps = 10'000'000'000;
// Renditions are written again where they need so much more than was said of them.
constexpr double kMuchMore = 1.25;
constexpr int64_t kMostMs = int64_t{30} * 24 * 3600 * 1000;

// PostgreSQL's JSON cannot hold a NUL; one report must not spoil the statement of all, nor fill the table.
std::string Json(const google::protobuf::Message& message, absl::string_view otherwise) {
  std::string json;
  const bool usable = google::protobuf::util::MessageToJsonString(message, &json).ok() && json.size() <= kLongestJson &&
                      !absl::StrContains(json, "\\u0000");
  return usable ? json : std::string(otherwise);
}

std::string WarningsJson(const v1::LiveReport& report) {
  std::vector<std::string> warnings;
  for (const v1::LiveWarning& warning : report.warnings()) {
    if (static_cast<int>(warnings.size()) < kMostWarnings) warnings.push_back(Json(warning, "{}"));
  }
  std::string list;
  for (const std::string& warning : warnings) absl::StrAppend(&list, list.empty() ? "" : ",", warning);
  return absl::StrCat("[", list, "]");
}

// What players must know of the renditions, but for their bandwidth, which differs from segment to segment.
std::string Outline(const v1::LiveReport& report) {
  std::string outline;
  for (const v1::RenditionInfo& info : report.renditions()) {
    absl::StrAppend(&outline, info.label(), " ", info.width(), "x", info.height(), " ", info.codecs(), "|");
  }
  return outline;
}

int64_t Bandwidth(const v1::LiveReport& report) {
  int64_t sum = 0;
  for (const v1::RenditionInfo& info : report.renditions()) sum += std::clamp<int64_t>(info.bandwidth_bps(), 0, kMostBps);
  return sum;
}

std::vector<RenditionRow> Renditions(const v1::LiveReport& report) {
  std::vector<RenditionRow> rows;
  for (const v1::RenditionInfo& info : report.renditions()) {
    if (static_cast<int>(rows.size()) >= kMostRenditions) break;
    if (info.label().size() > kLongestWord || info.codecs().size() > kLongestWord) continue;
    rows.push_back({info.label(), info.width(), info.height(), info.bandwidth_bps(), info.codecs()});
  }
  return rows;
}

}  // namespace

struct LiveReports::Entry {
  int64_t resource = 0;
  v1::LiveReport report;
};

LiveReports::LiveReports(Shared& shared) : shared_(shared) {}

LiveReports::~LiveReports() { Stop(); }

void LiveReports::Start() {
  absl::MutexLock lock(&mu_);
  loop_ = std::make_unique<PeriodicLoop>("live_reports", kInterval, [this] { Flush(); });
}

void LiveReports::Stop() {
  std::unique_ptr<PeriodicLoop> loop;
  {
    absl::MutexLock lock(&mu_);
    loop.swap(loop_);
  }
  if (loop) loop->Stop();
}

void LiveReports::Add(int64_t resource, const v1::LiveReport& report) {
  auto entry = std::make_unique<Entry>();
  entry->resource = resource;
  entry->report = report;
  absl::MutexLock lock(&mu_);
  if (waiting_.size() >= kMostWaiting && !waiting_.contains(report.token())) return;
  waiting_[report.token()] = std::move(entry);
  const auto known = known_.find(report.token());
  const bool first = report.sets() > 0 && (known == known_.end() || !known->second.media);
  if (first && loop_) loop_->Wake();
}

void LiveReports::Flush() {
  std::vector<std::unique_ptr<Entry>> entries;
  {
    absl::MutexLock lock(&mu_);
    for (auto& [token, entry] : waiting_) entries.push_back(std::move(entry));
    waiting_.clear();
    const absl::Duration now = shared_.clock.Steady();
    absl::erase_if(known_, [&](const auto& known) { return now - known.second.at > kForget; });
  }
  if (entries.empty()) return;
  std::vector<WorkerReport> rows;
  for (const std::unique_ptr<Entry>& entry : entries) {
    const v1::LiveReport& report = entry->report;
    rows.push_back({entry->resource, report.job(), report.token(), std::clamp<int64_t>(report.end_ms(), 0, kMostMs),
                    report.receiving(), Json(report.facts(), "{}"), WarningsJson(report),
                    absl::StrReplaceAll(report.reason(), {{absl::string_view("\0", 1), ""}})});
  }
  const absl::StatusOr<std::vector<int64_t>> counted = shared_.live.ReportWorkers(rows);
  if (!counted.ok()) {
    return log::Warn("reports of live streams could not be written",
                     {{"streams", rows.size()}, {"error", counted.status().ToString()}});
  }
  for (const std::unique_ptr<Entry>& entry : entries) {
    const bool counts = std::find(counted->begin(), counted->end(), entry->report.job()) != counted->end();
    if (!counts) continue;
    Remember(entry->report);
    if (entry->report.renditions_size() > 0) WriteRenditions(*entry);
  }
}

// Only runs that there are, so that nobody fills the memory with others.
void LiveReports::Remember(const v1::LiveReport& report) {
  absl::MutexLock lock(&mu_);
  Known& known = known_[report.token()];
  known.at = shared_.clock.Steady();
  known.media |= report.sets() > 0;
}

void LiveReports::WriteRenditions(const Entry& entry) {
  const v1::LiveReport& report = entry.report;
  std::string renditions = Outline(report);
  const int64_t bandwidth = Bandwidth(report);
  {
    absl::MutexLock lock(&mu_);
    const Known& known = known_[report.token()];
    if (known.renditions == renditions && bandwidth <= known.bandwidth * kMuchMore) return;
  }
  const absl::Status written = shared_.live.SetRenditions(report.job(), report.token(), Renditions(report));
  if (!written.ok()) {
    return log::Warn("renditions of a live stream could not be written", {{"job", report.job()}, {"error", written.ToString()}});
  }
  absl::MutexLock lock(&mu_);
  Known& known = known_[report.token()];
  known.renditions = std::move(renditions);
  known.bandwidth = bandwidth;
}

}  // namespace lectern::api
