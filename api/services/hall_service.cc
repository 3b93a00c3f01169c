#include <google/protobuf/empty.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "api/services/source_url.h"
#include "common/base/status.h"
#include "lectern/v1/halls.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

void ToProto(const HallRow& row, v1::Hall& hall) {
  hall.set_name(NameOf("halls", row.id));
  hall.set_organization(NameOf("organizations", row.organization_id));
  hall.set_display_name(row.display_name);
  for (const HallSourceRow& source : row.sources) {
    v1::HallSource& shown = *hall.add_sources();
    shown.set_view(ViewOf(source.view));
    shown.set_url(source.shown_url);
  }
  SetTime(row.created_at, *hall.mutable_create_time());
}

class HallService {
 public:
  explicit HallService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext&, const v1::CreateHallRequest& request, v1::Hall& hall) {
    ASSIGN_OR_RETURN(int64_t organization, RequireName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(std::string display_name, RequireText("display_name", request.display_name(), 200));
    ASSIGN_OR_RETURN(HallRow row, deps_.stores.halls.Insert(organization, display_name));
    ToProto(row, hall);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext&, const v1::GetHallRequest& request, v1::Hall& hall) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "halls"));
    ASSIGN_OR_RETURN(HallRow row, deps_.stores.halls.Get(id));
    ToProto(row, hall);
    return absl::OkStatus();
  }

  absl::Status List(CallContext&, const v1::ListHallsRequest& request, v1::ListHallsResponse& response) {
    ASSIGN_OR_RETURN(std::optional<int64_t> organization, OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<HallRow> halls, deps_.stores.halls.List(organization, page));
    for (const HallRow& row : halls.rows) ToProto(row, *response.add_halls());
    response.set_next_page_token(halls.next_token);
    return absl::OkStatus();
  }

  absl::Status SetSource(CallContext&, const v1::SetHallSourceRequest& request, v1::Hall& hall) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "halls"));
    const std::string view = ViewWord(request.view());
    if (view.empty()) return BadField("view", "", "write COMB, CAM or PRES");
    std::string sealed, shown;
    if (!request.url().empty()) {
      ASSIGN_OR_RETURN(shown, ShownSource(request.url()));
      sealed = deps_.keys.Seal(request.url());
    }
    ASSIGN_OR_RETURN(HallRow row, deps_.stores.halls.SetSource(id, view, sealed, shown));
    deps_.hints.work();
    ToProto(row, hall);
    return absl::OkStatus();
  }

  absl::Status Delete(CallContext&, const v1::DeleteHallRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "halls"));
    return deps_.stores.halls.Delete(id);
  }

 private:
  const ServiceDeps deps_;
};

}  // namespace

void AddHallService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<HallService>(deps);
  registry.Add("lectern.v1.HallService.CreateHall", service, &HallService::Create);
  registry.Add("lectern.v1.HallService.GetHall", service, &HallService::Get);
  registry.Add("lectern.v1.HallService.ListHalls", service, &HallService::List);
  registry.Add("lectern.v1.HallService.SetHallSource", service, &HallService::SetSource);
  registry.Add("lectern.v1.HallService.DeleteHall", service, &HallService::Delete);
}

}  // namespace lectern::api
