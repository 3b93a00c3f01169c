#include <google/protobuf/empty.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "lectern/v1/courses.pb.h"
#include "lectern/v1/organizations.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxDisplayName = 200;

void ToProto(const CallContext& call, const OrganizationRow& row, v1::Organization& organization) {
  organization.set_name(NameOf("organizations", row.id));
  organization.set_parent(NameOf("organizations", row.parent_id.value_or(0)));
  organization.set_display_name(row.display_name);
  organization.set_depth(row.depth);
  SetTime(row.created_at, *organization.mutable_create_time());
  if (!row.maintained) return;
  organization.set_right(call.caller.is_administrator() ? v1::ADMINISTER : v1::MAINTAIN);
  organization.set_course_count(static_cast<int>(row.courses));
  organization.set_resource_count(static_cast<int>(row.resources));
}

void ToProto(const MaintainerRow& row, v1::Maintainer& maintainer) {
  maintainer.set_user(NameOf("users", row.user_id));
  maintainer.set_email(row.email);
  maintainer.set_display_name(row.display_name);
  maintainer.set_organization(NameOf("organizations", row.organization_id));
}

void ToProto(const StorageRow& row, v1::StorageUse& use) {
  use.set_organization(NameOf("organizations", row.organization_id));
  use.set_display_name(row.display_name);
  use.set_depth(row.depth);
  use.set_bytes(row.bytes);
  use.set_subtree_bytes(row.subtree_bytes);
  use.set_quota_bytes(row.quota_bytes.value_or(0));
  use.set_recordings(static_cast<int>(row.recordings));
  SetDuration(row.duration, *use.mutable_duration());
}

absl::StatusOr<int64_t> RequireOrganization(absl::string_view field, absl::string_view value) {
  return RequireName(field, value, "organizations");
}

class OrganizationService {
 public:
  explicit OrganizationService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreateOrganizationRequest& request, v1::Organization& organization) {
    ASSIGN_OR_RETURN(std::optional<int64_t> parent, OptionalName("parent", request.parent(), "organizations"));
    ASSIGN_OR_RETURN(std::string display_name, RequireText("display_name", request.display_name(), kMaxDisplayName));
    ASSIGN_OR_RETURN(OrganizationRow row, deps_.stores.organizations.Insert(parent, display_name));
    call.audit_organization = row.id;
    ToProto(call, row, organization);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext& call, const v1::GetOrganizationRequest& request, v1::Organization& organization) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(OrganizationRow row, deps_.stores.organizations.Get(call.caller, id));
    ToProto(call, row, organization);
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListOrganizationsRequest& request, v1::ListOrganizationsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 200, 1000));
    OrganizationFilter filter;
    ASSIGN_OR_RETURN(filter.root, OptionalName("parent", request.parent(), "organizations"));
    filter.maintained = request.maintained();
    ASSIGN_OR_RETURN(Page<OrganizationRow> organizations, deps_.stores.organizations.List(call.caller, filter, page));
    for (const OrganizationRow& row : organizations.rows) ToProto(call, row, *response.add_organizations());
    response.set_next_page_token(organizations.next_token);
    return absl::OkStatus();
  }

  absl::Status Rename(CallContext& call, const v1::RenameOrganizationRequest& request, v1::Organization& organization) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(std::string display_name, RequireText("display_name", request.display_name(), kMaxDisplayName));
    ASSIGN_OR_RETURN(OrganizationRow row, deps_.stores.organizations.Rename(id, display_name));
    ToProto(call, row, organization);
    return absl::OkStatus();
  }

  absl::Status Move(CallContext& call, const v1::MoveOrganizationRequest& request, v1::Organization& organization) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(std::optional<int64_t> parent, OptionalName("parent", request.parent(), "organizations"));
    call.audit_organization = id;
    ASSIGN_OR_RETURN(OrganizationRow row, deps_.stores.organizations.Move(id, parent));
    ToProto(call, row, organization);
    return absl::OkStatus();
  }

  absl::Status Delete(CallContext& call, const v1::DeleteOrganizationRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    return deps_.stores.organizations.Delete(id);
  }

  absl::Status AddMaintainer(CallContext&, const v1::AddMaintainerRequest& request, v1::Maintainer& maintainer) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(int64_t user, RequireUser(deps_.stores.users, "user", request.user()));
    ASSIGN_OR_RETURN(MaintainerRow row, deps_.stores.organizations.AddMaintainer(id, user));
    ToProto(row, maintainer);
    return absl::OkStatus();
  }

  absl::Status RemoveMaintainer(CallContext&, const v1::RemoveMaintainerRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(int64_t user, RequireUser(deps_.stores.users, "user", request.user()));
    return deps_.stores.organizations.RemoveMaintainer(id, user);
  }

  absl::Status ListMaintainers(CallContext&, const v1::ListMaintainersRequest& request,
                               v1::ListMaintainersResponse& response) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<MaintainerRow> maintainers, deps_.stores.organizations.ListMaintainers(id, page));
    for (const MaintainerRow& row : maintainers.rows) ToProto(row, *response.add_maintainers());
    response.set_next_page_token(maintainers.next_token);
    return absl::OkStatus();
  }

  absl::Status ListStorage(CallContext& call, const v1::ListStorageRequest& request, v1::ListStorageResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 200, 1000));
    ASSIGN_OR_RETURN(std::optional<int64_t> root, OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(Page<StorageRow> storage, deps_.stores.storage.List(call.caller, root, page));
    for (const StorageRow& row : storage.rows) ToProto(row, *response.add_storage());
    response.set_next_page_token(storage.next_token);
    return absl::OkStatus();
  }

  absl::Status CreateToken(CallContext& call, const v1::CreateOrganizationTokenRequest& request,
                           v1::CreateOrganizationTokenResponse& response) {
    ASSIGN_OR_RETURN(int64_t id, RequireOrganization("name", request.name()));
    // An administrator passes the check of rights for any name, also one that is not there.
    RETURN_IF_ERROR(deps_.stores.organizations.Get(call.caller, id).status());
    Claims claims;
    claims.subject = call.caller.Name();
    claims.organization = id;
    claims.id = RandomHex(8);
    claims.issued_at = deps_.clock.Now();
    claims.expires_at = claims.issued_at + MaxLifetime(Audience::kOrganization);
    response.set_token(deps_.keys.Sign(Audience::kOrganization, claims));
    SetTime(claims.expires_at, *response.mutable_expire_time());
    return absl::OkStatus();
  }

 private:
  const ServiceDeps deps_;
};

}  // namespace

void AddOrganizationService(Registry& registry, const ServiceDeps& deps) {
  using Service = OrganizationService;
  auto service = std::make_shared<Service>(deps);
  registry.Add("lectern.v1.OrganizationService.CreateOrganization", service, &Service::Create);
  registry.Add("lectern.v1.OrganizationService.GetOrganization", service, &Service::Get);
  registry.Add("lectern.v1.OrganizationService.ListOrganizations", service, &Service::List);
  registry.Add("lectern.v1.OrganizationService.RenameOrganization", service, &Service::Rename);
  registry.Add("lectern.v1.OrganizationService.MoveOrganization", service, &Service::Move);
  registry.Add("lectern.v1.OrganizationService.DeleteOrganization", service, &Service::Delete);
  registry.Add("lectern.v1.OrganizationService.AddMaintainer", service, &Service::AddMaintainer);
  registry.Add("lectern.v1.OrganizationService.RemoveMaintainer", service, &Service::RemoveMaintainer);
  registry.Add("lectern.v1.OrganizationService.ListMaintainers", service, &Service::ListMaintainers);
  registry.Add("lectern.v1.OrganizationService.ListStorage", service, &Service::ListStorage);
  registry.Add("lectern.v1.OrganizationService.CreateOrganizationToken", service, &Service::CreateToken);
}

}  // namespace lectern::api
