#include <google/protobuf/empty.pb.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/services/fields.h"
#include "api/services/installation.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/installation.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxAnnouncement = 1000;

class InstallationService {
 public:
  explicit InstallationService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Get(CallContext&, const v1::GetInstallationRequest&, v1::Installation& installation) {
    return ReadInstallation(deps_, installation);
  }

  absl::Status Update(CallContext&, const v1::UpdateInstallationRequest& request, v1::Installation& installation) {
    v1::Installation wished = request.installation();
    wished.DiscardUnknownFields();
    RETURN_IF_ERROR(CleanInstallation(wished));
    // A page sends back what it was shown. What the program was started with must not become a setting by that, or a later start
    // with another address would change nothing.
    if (wished.rtmp_url() == deps_.public_rtmp_url) wished.clear_rtmp_url();
    if (wished.grpc_endpoint() == deps_.public_grpc_endpoint) wished.clear_grpc_endpoint();
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(wished, &json).ok()) {
      return absl::InternalError("the settings of the installation cannot be written as JSON");
    }
    RETURN_IF_ERROR(deps_.stores.installation.Put(json));
    return ReadInstallation(deps_, installation);
  }

  absl::Status ListAnnouncements(CallContext&, const v1::ListAnnouncementsRequest& request,
                                 v1::ListAnnouncementsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<AnnouncementRow> announcements, deps_.stores.announcements.List(page));
    for (const AnnouncementRow& row : announcements.rows) ToProto(row, *response.add_announcements());
    response.set_next_page_token(announcements.next_token);
    return absl::OkStatus();
  }

  absl::Status CreateAnnouncement(CallContext&, const v1::CreateAnnouncementRequest& request, v1::Announcement& announcement) {
    NewAnnouncement row;
    ASSIGN_OR_RETURN(row.text, RequireText("text", request.text(), kMaxAnnouncement));
    switch (request.level()) {
      case v1::ANNOUNCEMENT_LEVEL_UNSPECIFIED:
      case v1::INFO:
        break;
      case v1::WARNING:
        row.level = "warning";
        break;
      default:
        return BadField("level", absl::StrCat(request.level()), "write INFO or WARNING");
    }
    ASSIGN_OR_RETURN(row.starts_at, OptionalTime("start_time", request.has_start_time(), request.start_time()));
    ASSIGN_OR_RETURN(row.ends_at, OptionalTime("end_time", request.has_end_time(), request.end_time()));
    if (row.ends_at && *row.ends_at <= row.starts_at.value_or(deps_.clock.Now())) {
      return BadField("end_time", absl::FormatTime(absl::RFC3339_sec, *row.ends_at, absl::UTCTimeZone()),
                      "write a time to come that is after the start, or none");
    }
    ASSIGN_OR_RETURN(AnnouncementRow inserted, deps_.stores.announcements.Insert(row));
    ToProto(inserted, announcement);
    return absl::OkStatus();
  }

  absl::Status DeleteAnnouncement(CallContext&, const v1::DeleteAnnouncementRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "announcements"));
    return deps_.stores.announcements.Delete(id);
  }

 private:
  const ServiceDeps deps_;
};

}  // namespace

void AddInstallationService(Registry& registry, const ServiceDeps& deps) {
  using Service = InstallationService;
  auto service = std::make_shared<Service>(deps);
  registry.Add("lectern.v1.InstallationService.GetInstallation", service, &Service::Get);
  registry.Add("lectern.v1.InstallationService.UpdateInstallation", service, &Service::Update);
  registry.Add("lectern.v1.InstallationService.ListAnnouncements", service, &Service::ListAnnouncements);
  registry.Add("lectern.v1.InstallationService.CreateAnnouncement", service, &Service::CreateAnnouncement);
  registry.Add("lectern.v1.InstallationService.DeleteAnnouncement", service, &Service::DeleteAnnouncement);
}

}  // namespace lectern::api
