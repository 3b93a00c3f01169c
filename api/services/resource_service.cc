#include <google/protobuf/empty.pb.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/resource_view.h"
#include "api/services/services.h"
#include "api/services/watched.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/resources.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxCapabilities = 64;
constexpr int kMaxSlots = 10'000;
constexpr int kMaxWatched = 1000;
constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct ResourceTraits {
  using Item = v1::Resource;
  using Changes = v1::ResourceChanges;
  static google::protobuf::RepeatedPtrField<Item>* Items(Changes& changes) { return changes.mutable_resources(); }
  static void Settle(const Item& sent, Item& now) { api::Settle(sent, now); }
};
using WatchedResources = Watched<ResourceTraits>;

void WriteEvent(const AuditRow& row, v1::AuditEvent& event) {
  SetTime(row.at, *event.mutable_time());
  event.set_actor(row.event.actor);
  event.set_action(row.event.action);
  event.set_target(row.event.target);
  event.set_organization(NameOf("organizations", row.event.organization_id.value_or(0)));
  event.set_outcome(row.event.outcome);
  event.set_detail(row.event.detail);
  event.set_actor_name(row.actor_name);
}

// Players and other resources are sent there, so it must be a plain address of a server.
absl::StatusOr<std::string> PublicUrl(const v1::JoinRequest& request) {
  bool needed = request.kind() == v1::VOD_SERVICE || request.kind() == v1::EDGE;
  if (request.public_url().empty() && !needed) return std::string();
  std::string url(absl::StripSuffix(request.public_url(), "/"));
  absl::string_view rest = url;
  const bool rtmp = request.kind() == v1::WORKER || request.kind() == v1::RTMP_PROXY;
  const bool scheme = rtmp ? absl::ConsumePrefix(&rest, "rtmp://")
                           : absl::ConsumePrefix(&rest, "http://") || absl::ConsumePrefix(&rest, "https://");
  bool plain = std::all_of(rest.begin(), rest.end(),
                           [](unsigned char c) { return absl::ascii_isalnum(c) || absl::StrContains("-._~:/[]%", c); });
  if (scheme && plain && !rest.empty() && rest[0] != '/' && url.size() <= 500) return url;
  const char* example = rtmp ? "rtmp://worker.example.org:1935" : "https://vod.example.org";
  return BadField("public_url", request.public_url(), absl::StrCat("write where clients reach it, such as ", example));
}

absl::StatusOr<NewResource> ReadJoin(const v1::JoinRequest& request) {
  NewResource row;
  row.kind = KindWord(request.kind());
  if (row.kind.empty()) return BadField("kind", "", "write WORKER, VOD_SERVICE, EDGE or RTMP_PROXY");
  row.instance_key = absl::AsciiStrToLower(request.instance_key());
  if (row.instance_key.size() != 32 || !HexDecode(row.instance_key)) {
    return BadField("instance_key", "", "write 32 hex digits, made once and kept");
  }
  ASSIGN_OR_RETURN(row.host, RequireText("host", request.host(), 255));
  ASSIGN_OR_RETURN(row.version, OptionalText("version", request.version(), 100));
  ASSIGN_OR_RETURN(row.public_url, PublicUrl(request));
  if (request.capabilities_size() > kMaxCapabilities) {
    return BadField("capabilities", absl::StrCat(request.capabilities_size(), " words"), "write at most 64");
  }
  for (const std::string& word : request.capabilities()) {
    ASSIGN_OR_RETURN(row.capabilities.emplace_back(), RequireText("capabilities", word, 100));
  }
  if (request.slots() < 0 || request.slots() > kMaxSlots) {
    return BadField("slots", absl::StrCat(request.slots()), "write 0 to 10000");
  }
  row.slots = request.slots();
  return row;
}

class ResourceService {
 public:
  explicit ResourceService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Join(CallContext& call, const v1::JoinRequest& request, v1::JoinResponse& response) {
    absl::Time now = deps_.clock.Now();
    ASSIGN_OR_RETURN(Claims token, deps_.keys.Verify(request.organization_token(), Audience::kOrganization, now));
    call.audit_organization = token.organization;
    ASSIGN_OR_RETURN(NewResource row, ReadJoin(request));
    row.organization_id = token.organization;
    ASSIGN_OR_RETURN(JoinedResource joined, deps_.stores.resources.Join(row));
    Claims credential;
    credential.subject = NameOf("resources", joined.id);
    credential.organization = token.organization;
    credential.serial = joined.credential_serial;
    credential.issued_at = now;
    credential.expires_at = absl::InfiniteFuture();
    response.set_name(credential.subject);
    response.set_credential(deps_.keys.Sign(Audience::kResource, credential));
    deps_.hints.directory();
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListResourcesRequest& request, v1::ListResourcesResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 100, 500));
    ASSIGN_OR_RETURN(ResourceFilter filter, ReadFilter(request.organization(), request.kind()));
    ASSIGN_OR_RETURN(Page<ResourceRow> resources, deps_.stores.resources.List(call.caller, filter, page));
    for (const ResourceRow& row : resources.rows) Write(row, *response.add_resources());
    response.set_next_page_token(resources.next_token);
    return absl::OkStatus();
  }

  absl::Status Watch(CallContext& call, const v1::WatchResourcesRequest& request, WatchedResources& watched,
                     std::vector<v1::ResourceChanges>& events) {
    ASSIGN_OR_RETURN(ResourceFilter filter, ReadFilter(request.organization(), request.kind()));
    ASSIGN_OR_RETURN(Page<ResourceRow> resources, deps_.stores.resources.List(call.caller, filter, {kMaxWatched, ""}));
    std::vector<v1::Resource> now;
    for (const ResourceRow& row : resources.rows) Write(row, now.emplace_back());
    watched.Replace(std::move(now));
    watched.Flush(events);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext& call, const v1::GetResourceRequest& request, v1::Resource& resource) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "resources"));
    ASSIGN_OR_RETURN(ResourceRow row, deps_.stores.resources.Get(id, call.caller));
    Write(row, resource);
    return absl::OkStatus();
  }

  absl::Status SetShared(CallContext& call, const v1::SetSharedRequest& request, v1::Resource& resource) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "resources"));
    ASSIGN_OR_RETURN(ResourceRow row, deps_.stores.resources.SetShared(id, request.shared(), call.caller));
    deps_.hints.work();
    Write(row, resource);
    return absl::OkStatus();
  }

  absl::Status Drain(CallContext& call, const v1::DrainResourceRequest& request, v1::Resource& resource) {
    return SetDraining(call, request.name(), true, resource);
  }

  absl::Status Resume(CallContext& call, const v1::ResumeResourceRequest& request, v1::Resource& resource) {
    return SetDraining(call, request.name(), false, resource);
  }

  absl::Status Remove(CallContext&, const v1::RemoveResourceRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "resources"));
    RETURN_IF_ERROR(deps_.pool.Transaction(
        [&](pg::Session& session) { return deps_.stores.resources.Remove(session, id, request.force()); }));
    // Whoever holds its stream sends it away; with the stream ends its session, and its jobs run elsewhere.
    deps_.hints.push("");
    deps_.hints.directory();
    return absl::OkStatus();
  }

  absl::Status ListAuditEvents(CallContext&, const v1::ListAuditEventsRequest& request,
                               v1::ListAuditEventsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(std::optional<int64_t> organization,
                     OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(Page<AuditRow> events, deps_.stores.audit.List(organization, page));
    for (const AuditRow& row : events.rows) WriteEvent(row, *response.add_audit_events());
    response.set_next_page_token(events.next_token);
    return absl::OkStatus();
  }

 private:
  absl::Status SetDraining(CallContext& call, const std::string& name, bool draining, v1::Resource& resource) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", name, "resources"));
    ASSIGN_OR_RETURN(ResourceRow row, deps_.stores.resources.SetDraining(id, draining, call.caller));
    deps_.hints.push("");
    if (!draining) deps_.hints.work();
    Write(row, resource);
    return absl::OkStatus();
  }

  static absl::StatusOr<ResourceFilter> ReadFilter(const std::string& organization, v1::ResourceKind kind) {
    ResourceFilter filter;
    ASSIGN_OR_RETURN(filter.organization_id, OptionalName("organization", organization, "organizations"));
    filter.kind = KindWord(kind);
    if (!filter.kind.empty() || kind == v1::RESOURCE_KIND_UNSPECIFIED) return filter;
    return BadField("kind", absl::StrCat(kind), "write WORKER, VOD_SERVICE, EDGE or RTMP_PROXY");
  }

  void Write(const ResourceRow& row, v1::Resource& resource) const { ToProto(row, deps_.suspect_after, resource); }

  const ServiceDeps deps_;
};

}  // namespace

void AddResourceService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<ResourceService>(deps);
  registry.Add("lectern.v1.ResourceService.Join", service, &ResourceService::Join);
  registry.Add("lectern.v1.ResourceService.ListResources", service, &ResourceService::List);
  registry.AddWatch("lectern.v1.ResourceService.WatchResources", kWatchInterval, service, &ResourceService::Watch);
  registry.Add("lectern.v1.ResourceService.GetResource", service, &ResourceService::Get);
  registry.Add("lectern.v1.ResourceService.SetShared", service, &ResourceService::SetShared);
  registry.Add("lectern.v1.ResourceService.DrainResource", service, &ResourceService::Drain);
  registry.Add("lectern.v1.ResourceService.ResumeResource", service, &ResourceService::Resume);
  registry.Add("lectern.v1.ResourceService.RemoveResource", service, &ResourceService::Remove);
  registry.Add("lectern.v1.ResourceService.ListAuditEvents", service, &ResourceService::ListAuditEvents);
}

}  // namespace lectern::api
