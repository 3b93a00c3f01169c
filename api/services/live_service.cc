#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/live_view.h"
#include "api/services/pictures.h"
#include "api/services/services.h"
#include "api/services/watched.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"
#include "lectern/v1/live.pb.h"

namespace lectern::api {
namespace {

constexpr char kPageName[] = "live_streams";

constexpr int kMaxWatched = 500;
constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct LiveTraits {
  using Item = v1::LiveStream;
  using Changes = v1::LiveStreamChanges;
  static google::protobuf::RepeatedPtrField<Item>* Items(Changes& changes) { return changes.mutable_live_streams(); }
  static void Settle(const Item& sent, Item& now) { api::Settle(sent, now); }
};
using WatchedStreams = Watched<LiveTraits>;

class LiveService {
 public:
  explicit LiveService(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status List(CallContext& call, const v1::ListLiveStreamsRequest& request, v1::ListLiveStreamsResponse& response) {
    ASSIGN_OR_RETURN(PageRequest page, RequirePage(request.page_size(), request.page_token(), 50, 200));
    ASSIGN_OR_RETURN(LiveFilter filter, ReadFilter(call, request));
    filter.include_ended = request.include_ended();
    filter.limit = page.size + 1;
    RETURN_IF_ERROR(GoTo(page.token, filter));
    ASSIGN_OR_RETURN(std::vector<LiveStreamRow> rows, deps_.stores.live.List(filter));
    const bool more = rows.size() > static_cast<size_t>(page.size);
    if (more) rows.pop_back();
    std::vector<v1::LiveStream*> streams;
    for (const LiveStreamRow& row : rows) ToProto(row, *streams.emplace_back(response.add_live_streams()));
    RETURN_IF_ERROR(AddPictures(call, rows, streams));
    if (more) {
      const char* part = rows.back().state == "ended" ? "ended" : "running";
      response.set_next_page_token(EncodePageToken(kPageName, {part, absl::StrCat(rows.back().id)}));
    }
    return absl::OkStatus();
  }

  absl::Status Watch(CallContext& call, const v1::WatchLiveStreamsRequest& request, WatchedStreams& watched,
                     std::vector<v1::LiveStreamChanges>& events) {
    ASSIGN_OR_RETURN(LiveFilter filter, ReadFilter(call, request));
    filter.limit = kMaxWatched;
    ASSIGN_OR_RETURN(std::vector<LiveStreamRow> rows, deps_.stores.live.List(filter));
    std::vector<v1::LiveStream> now(rows.size());
    std::vector<v1::LiveStream*> streams;
    for (size_t i = 0; i < rows.size(); ++i) ToProto(rows[i], *streams.emplace_back(&now[i]));
    RETURN_IF_ERROR(AddPictures(call, rows, streams));
    watched.Replace(std::move(now));
    watched.Flush(events);
    return absl::OkStatus();
  }

  absl::Status Get(CallContext& call, const v1::GetLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    return Fill(call, id, stream);
  }

  absl::Status End(CallContext& call, const v1::EndLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    RETURN_IF_ERROR(deps_.live.End({id}, "it was ended by hand", true));
    return Fill(call, id, stream);
  }

  absl::Status Move(CallContext& call, const v1::MoveLiveStreamRequest& request, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "liveStreams"));
    RETURN_IF_ERROR(deps_.live.Move(id, "moved by a person"));
    return Fill(call, id, stream);
  }

 private:
  template <typename Request>
  static absl::StatusOr<LiveFilter> ReadFilter(const CallContext& call, const Request& request) {
    LiveFilter filter;
    ASSIGN_OR_RETURN(std::optional<int64_t> organization, OptionalName("organization", request.organization(), "organizations"));
    ASSIGN_OR_RETURN(std::optional<int64_t> lecture, OptionalName("lecture", request.lecture(), "lectures"));
    filter.organization = organization.value_or(0);
    filter.lecture = lecture.value_or(0);
    filter.user = call.caller.is_administrator() ? 0 : call.caller.user_id;
    return filter;
  }

  static absl::Status GoTo(const std::string& token, LiveFilter& filter) {
    if (token.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(kPageName, token, 2));
    filter.after_ended = keys[0] == "ended";
    if (!absl::SimpleAtoi(keys[1], &filter.before)) filter.before = 0;
    return absl::OkStatus();
  }

  absl::Status Fill(const CallContext& call, int64_t id, v1::LiveStream& stream) {
    ASSIGN_OR_RETURN(LiveStreamRow row, deps_.stores.live.Get(id));
    ToProto(row, stream);
    return AddPictures(call, {row}, {&stream});
  }

  // Whoever is shown a stream may watch its lecture, but for a rehearsal, which is its lecturer's alone.
  static bool MayWatch(const Caller& caller, const LiveStreamRow& row) {
    return row.course_id != 0 && (row.rehearsal_of == 0 || row.rehearsal_of == caller.user_id || caller.is_administrator());
  }

  // No statement where there is no picture, else one for all of them.
  absl::Status AddPictures(const CallContext& call, const std::vector<LiveStreamRow>& rows,
                           const std::vector<v1::LiveStream*>& streams) const {
    std::vector<LectureRow> pictured;
    std::vector<v1::LiveStream*> shown;
    for (size_t i = 0; i < rows.size(); ++i) {
      const LiveStreamRow& row = rows[i];
      const bool on_air = row.state == "live" || row.state == "interrupted";
      if (!on_air || row.first_media_at == absl::InfinitePast() || !MayWatch(call.caller, row)) continue;
      LectureRow& lecture = pictured.emplace_back();
      lecture.id = row.lecture_id;
      lecture.organization_id = row.organization_id;
      ViewRow& view = lecture.views.emplace_back();
      view.view = row.view;
      view.state = row.state;
      view.vod_resource_id = row.vod_resource_id;
      shown.push_back(streams[i]);
    }
    if (pictured.empty()) return absl::OkStatus();
    std::vector<v1::Lecture> answers(pictured.size());
    std::vector<v1::Lecture*> lectures;
    for (v1::Lecture& lecture : answers) lectures.push_back(&lecture);
    RETURN_IF_ERROR(Pictures(deps_).Add(call.caller, pictured, lectures));
    for (size_t i = 0; i < shown.size(); ++i) shown[i]->mutable_picture_urls()->Swap(answers[i].mutable_picture_urls());
    return absl::OkStatus();
  }

  const ServiceDeps deps_;
};

}  // namespace

void AddLiveService(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LiveService>(deps);
  registry.Add("lectern.v1.LiveService.ListLiveStreams", service, &LiveService::List);
  registry.AddWatch("lectern.v1.LiveService.WatchLiveStreams", kWatchInterval, service, &LiveService::Watch);
  registry.Add("lectern.v1.LiveService.GetLiveStream", service, &LiveService::Get);
  registry.Add("lectern.v1.LiveService.EndLiveStream", service, &LiveService::End);
  registry.Add("lectern.v1.LiveService.MoveLiveStream", service, &LiveService::Move);
}

}  // namespace lectern::api
