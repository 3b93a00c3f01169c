// The part of LectureService that opens uploads and lists those that are open.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "api/services/vod_choice.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

constexpr size_t kMaxFileNameBytes = 255;
constexpr size_t kMaxFingerprintBytes = 128;

absl::Status CheckFile(const v1::CreateUploadRequest& request) {
  if (ViewWord(request.view()).empty()) return BadField("view", "", "write COMB, CAM or PRES");
  if (request.size_bytes() == 0) {
    return WithReason(absl::InvalidArgumentError("the file is empty; a recording has at least one byte"), "EMPTY_FILE");
  }
  if (request.size_bytes() < 0) return BadField("size_bytes", absl::StrCat(request.size_bytes()), "write the size of the file");
  const std::string& name = request.file_name();
  bool control = std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name.empty() || name.size() > kMaxFileNameBytes || control) {
    return BadField("file_name", control ? "" : name, "write 1 to 255 bytes without control characters");
  }
  const std::string& print = request.fingerprint();
  bool hex = std::all_of(print.begin(), print.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
  if (print.empty() || print.size() > kMaxFingerprintBytes || !hex) {
    return BadField("fingerprint", print, "write 1 to 128 hex digits, the same for the same file");
  }
  return absl::OkStatus();
}

void ToProto(const OpenUploadRow& row, v1::OpenUpload& upload) {
  upload.set_upload_id(row.asset.upload_id);
  upload.set_lecture(NameOf("lectures", row.asset.lecture_id.value_or(0)));
  upload.set_lecture_title(row.lecture_title);
  upload.set_course_title(row.course_title);
  upload.set_view(ViewOf(row.asset.view));
  upload.set_file_name(row.asset.file_name);
  upload.set_size_bytes(row.asset.size_bytes);
  upload.set_received_bytes(row.asset.received_bytes);
  upload.set_fingerprint(row.asset.fingerprint);
  SetTime(row.asset.created_at, *upload.mutable_create_time());
}

class LectureUploads {
 public:
  explicit LectureUploads(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext& call, const v1::CreateUploadRequest& request, v1::Upload& upload) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("lecture", request.lecture(), "lectures"));
    RETURN_IF_ERROR(CheckFile(request));
    ASSIGN_OR_RETURN(LectureRow lecture, deps_.stores.lectures.Get(id));
    ASSIGN_OR_RETURN(EligibleResource chosen, ChooseVodService(deps_.stores.resources, lecture.organization_id,
                                                               request.size_bytes(), deps_.suspect_after));
    NewUpload row;
    row.lecture_id = id;
    row.view = ViewWord(request.view());
    row.vod_resource_id = chosen.id;
    row.file_name = request.file_name();
    row.fingerprint = absl::AsciiStrToLower(request.fingerprint());
    row.size_bytes = request.size_bytes();
    row.created_by = call.caller.user_id;
    ASSIGN_OR_RETURN(OpenedUpload opened, deps_.stores.assets.OpenUpload(row));
    std::string url = chosen.public_url;
    if (opened.asset.vod_resource_id != chosen.id) {
      ASSIGN_OR_RETURN(ResourceRow keeper, deps_.stores.resources.Get(opened.asset.vod_resource_id));
      url = keeper.public_url;
    }
    Answer(call, opened.asset, id, url, upload);
    return absl::OkStatus();
  }

  absl::Status List(CallContext& call, const v1::ListUploadsRequest& request, v1::ListUploadsResponse& response) {
    ASSIGN_OR_RETURN(std::optional<int64_t> lecture, OptionalName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(Page<OpenUploadRow> uploads,
                     deps_.stores.assets.ListOpen(call.caller.user_id, lecture.value_or(0), page));
    for (const OpenUploadRow& row : uploads.rows) ToProto(row, *response.add_uploads());
    response.set_next_page_token(uploads.next_token);
    return absl::OkStatus();
  }

 private:
  void Answer(const CallContext& call, const AssetRow& asset, int64_t lecture, absl::string_view url, v1::Upload& upload) {
    Claims claims;
    claims.subject = call.caller.Name();
    claims.issued_at = deps_.clock.Now();
    claims.expires_at = claims.issued_at + MaxLifetime(Audience::kUpload);
    claims.upload = asset.upload_id;
    claims.lecture = lecture;
    claims.view = asset.view;
    claims.size_bytes = asset.size_bytes;
    claims.resource = asset.vod_resource_id;
    url = absl::StripSuffix(url, "/");
    upload.set_upload_id(asset.upload_id);
    upload.set_create_url(absl::StrCat(url, "/uploads"));
    upload.set_upload_url(absl::StrCat(url, "/uploads/", asset.upload_id));
    upload.set_token(deps_.keys.Sign(Audience::kUpload, claims));
    SetTime(claims.expires_at, *upload.mutable_expire_time());
    upload.set_vod_service(NameOf("resources", asset.vod_resource_id));
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddLectureUploads(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LectureUploads>(deps);
  registry.Add("lectern.v1.LectureService.CreateUpload", service, &LectureUploads::Create);
  registry.Add("lectern.v1.LectureService.ListUploads", service, &LectureUploads::List);
}

}  // namespace lectern::api
