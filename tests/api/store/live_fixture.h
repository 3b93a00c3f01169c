// Lectures, a VOD service and a proxy for tests of live streams, over the queue of JobFixture.
#pragma once

#include <string>
#include <vector>

#include "api/store/live_store.h"
#include "tests/api/store/job_fixture.h"

namespace lectern::api {

template <typename Base>
class LiveFixture : public Base {
 protected:
  LiveFixture() : live_(this->pool_) {
    this->database_.Execute(R"sql(
      insert into users (email, display_name, role) values ('ada@example.org', 'Ada', 'lecturer');
      insert into courses (organization_id, title, visibility) values (3, 'Optics', 'public');
      insert into enrolments (course_id, user_id, role) values (1, 1, 'lecturer'))sql");
    vod_ = this->Join("vod_service", 1);
    proxy_ = this->Join("rtmp_proxy", 1);
  }

  // Begins so many seconds from now and lasts as long as said.
  int64_t NewLecture(int starts_in = -60, int lasts = 3600) {
    return this->Number(absl::StrCat("insert into lectures (course_id, title, starts_at, ends_at) values (1, 'Lenses', now() + interval '",
                                     starts_in, " seconds', now() + interval '", starts_in + lasts, " seconds') returning id as n"));
  }

  OpenLive Request(int64_t lecture, const std::string& session = "s1", const std::string& view = "comb") {
    OpenLive request;
    request.lecture_id = lecture;
    request.view = view;
    request.vod_resource_id = vod_;
    request.user_id = 1;
    request.proxy_id = proxy_;
    request.session = session;
    return request;
  }
  OpenedLive Open(int64_t lecture, const std::string& session = "s1", const std::string& view = "comb") {
    absl::StatusOr<OpenedLive> opened = live_.Open(Request(lecture, session, view));
    EXPECT_OK(opened);
    return opened.ok() ? *std::move(opened) : OpenedLive();
  }

  // What the proxy says of the stream, and what it hears.
  ReportedStream Say(const LiveStreamRow& stream, bool publishing, int64_t pending = 0, const std::string& session = "s1") {
    ProxyReport report;
    report.stream = stream.id;
    report.session = session;
    report.publishing = publishing;
    report.pending_bytes = pending;
    absl::StatusOr<std::vector<ReportedStream>> answers = live_.ReportProxy(proxy_, absl::MakeConstSpan(&report, 1));
    EXPECT_OK(answers);
    return answers.ok() && answers->size() == 1 ? answers->front() : ReportedStream();
  }

  std::string StreamState(int64_t stream) {
    return this->Text(absl::StrCat("select state as t from live_streams where id = ", stream));
  }
  std::string AssetState(int64_t asset) { return this->Text(absl::StrCat("select state as t from assets where id = ", asset)); }
  int64_t LiveBusy(int64_t resource) {
    return this->Number(absl::StrCat("select live_busy as n from resource_sessions where resource_id = ", resource));
  }

  LiveStore live_;
  int64_t vod_ = 0;
  int64_t proxy_ = 0;
};

}  // namespace lectern::api
