#include "api/services/resource_view.h"

#include <google/protobuf/util/json_util.h>

#include <cmath>

#include "api/services/convert.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::api {
namespace {

v1::ResourceKind KindOf(absl::string_view word) {
  for (v1::ResourceKind kind : {v1::WORKER, v1::VOD_SERVICE, v1::EDGE, v1::RTMP_PROXY}) {
    if (KindWord(kind) == word) return kind;
  }
  return v1::RESOURCE_KIND_UNSPECIFIED;
}

v1::ResourceState StateOf(absl::string_view word) {
  if (word == "alive") return v1::ALIVE;
  if (word == "suspect") return v1::SUSPECT;
  if (word == "dead") return v1::DEAD;
  if (word == "draining") return v1::DRAINING;
  return word == "never_attached" ? v1::NEVER_ATTACHED : v1::RESOURCE_STATE_UNSPECIFIED;
}

void SettleLoad(const v1::ResourceLoad& sent, v1::ResourceLoad& now) {
  if (std::abs(now.cpu() - sent.cpu()) < 0.01) now.set_cpu(sent.cpu());
  const double memory = 0.01 * static_cast<double>(now.memory_total_bytes());
  if (std::abs(static_cast<double>(now.memory_used_bytes() - sent.memory_used_bytes())) < memory) {
    now.set_memory_used_bytes(sent.memory_used_bytes());
  }
  const double disk = 0.001 * static_cast<double>(now.disk_total_bytes());
  if (std::abs(static_cast<double>(now.disk_free_bytes() - sent.disk_free_bytes())) < disk) {
    now.set_disk_free_bytes(sent.disk_free_bytes());
  }
  // A shorter one tells of a restart.
  const bool runs_on = now.has_uptime() && sent.has_uptime() && now.uptime().seconds() >= sent.uptime().seconds();
  if (runs_on) *now.mutable_uptime() = sent.uptime();
}

}  // namespace

std::string KindWord(v1::ResourceKind kind) {
  switch (kind) {
    case v1::WORKER:
      return "worker";
    case v1::VOD_SERVICE:
      return "vod_service";
    case v1::EDGE:
      return "edge";
    case v1::RTMP_PROXY:
      return "rtmp_proxy";
    default:
      return "";
  }
}

void ToProto(const ResourceRow& row, absl::Duration suspect_after, v1::Resource& resource) {
  ResourceCondition condition = ConditionOf(row, suspect_after);
  resource.set_name(NameOf("resources", row.id));
  resource.set_organization(NameOf("organizations", row.organization_id));
  resource.set_organization_name(row.organization_name);
  resource.set_kind(KindOf(row.kind));
  resource.set_state(StateOf(condition.state));
  resource.set_reason(condition.reason);
  resource.set_shared(row.shared);
  resource.set_host(row.host);
  resource.set_version(row.version);
  resource.set_public_url(row.public_url);
  for (const std::string& word : row.capabilities) resource.add_capabilities(word);
  google::protobuf::util::JsonParseOptions newer;
  newer.ignore_unknown_fields = true;
  v1::ResourceLoad load;
  if (google::protobuf::util::JsonStringToMessage(row.load_json, &load, newer).ok()) *resource.mutable_load() = load;
  resource.mutable_load()->set_slots(row.slots);
  resource.mutable_load()->set_slots_used(row.busy);
  resource.set_live_slots(row.live_slots);
  resource.set_live_slots_used(row.live_busy);
  for (const HeldJobRow& held : row.jobs) {
    v1::ResourceJob& job = *resource.add_running_jobs();
    job.set_job(NameOf("jobs", held.id));
    job.set_kind(held.kind);
    job.set_label(held.label);
    job.set_progress(held.progress);
    job.set_lecture(NameOf("lectures", held.lecture_id));
    job.set_lecture_title(held.lecture_title);
  }
  if (row.last_beat_at) SetTime(*row.last_beat_at, *resource.mutable_last_beat_time());
  SetTime(row.created_at, *resource.mutable_create_time());
}

void Settle(const v1::Resource& sent, v1::Resource& now) {
  if (now.has_load() && sent.has_load()) SettleLoad(sent.load(), *now.mutable_load());
  if (now.has_last_beat_time() && sent.has_last_beat_time()) *now.mutable_last_beat_time() = sent.last_beat_time();
  if (now.running_jobs_size() != sent.running_jobs_size()) return;
  for (int i = 0; i < now.running_jobs_size(); ++i) {
    v1::ResourceJob& job = *now.mutable_running_jobs(i);
    const v1::ResourceJob& before = sent.running_jobs(i);
    if (job.job() == before.job() && std::abs(job.progress() - before.progress()) < 0.01) job.set_progress(before.progress());
  }
}

}  // namespace lectern::api
