// The handlers of the unary RPCs, by proto service. Each Add function registers those of one service.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "api/calls/authenticator.h"
#include "api/calls/key_ring.h"
#include "api/calls/registry.h"
#include "api/domain/hints.h"
#include "api/domain/live_control.h"
#include "api/services/viewers.h"
#include "api/store/access_store.h"
#include "api/store/announcement_store.h"
#include "api/store/asset_store.h"
#include "api/store/audit_store.h"
#include "api/store/calendar_store.h"
#include "api/store/course_store.h"
#include "api/store/hall_store.h"
#include "api/store/home_store.h"
#include "api/store/installation_store.h"
#include "api/store/job_store.h"
#include "api/store/lecture_store.h"
#include "api/store/live_store.h"
#include "api/store/organization_store.h"
#include "api/store/progress_store.h"
#include "api/store/resource_store.h"
#include "api/store/revocation_store.h"
#include "api/store/search_store.h"
#include "api/store/session_store.h"
#include "api/store/storage_store.h"
#include "api/store/user_store.h"
#include "api/store/viewer_store.h"
#include "common/base/clock.h"
#include "common/pg/pool.h"

namespace lectern::api {

// The stores that the handlers use, over one pool.
struct Stores {
  explicit Stores(pg::Pool& pool)
      : users(pool), sessions(pool), organizations(pool), courses(pool), lectures(pool), assets(pool), resources(pool),
        revocations(pool), audit(pool), jobs(pool), live(pool), halls(pool), access(pool), installation(pool), announcements(pool),
        storage(pool), home(pool), search(pool), progress(pool), calendar(pool), viewers(pool) {}

  UserStore users;
  SessionStore sessions;
  OrganizationStore organizations;
  CourseStore courses;
  LectureStore lectures;
  AssetStore assets;
  ResourceStore resources;
  RevocationStore revocations;
  AuditStore audit;
  JobStore jobs;
  LiveStore live;
  HallStore halls;
  AccessStore access;
  InstallationStore installation;
  AnnouncementStore announcements;
  StorageStore storage;
  HomeStore home;
  SearchStore search;
  ProgressStore progress;
  CalendarStore calendar;
  ViewerStore viewers;
};

// All outlive the registry.
struct ServiceDeps {
  pg::Pool& pool;
  Stores& stores;
  const KeyRing& keys;
  Authenticator& authenticator;
  const Hints& hints;
  LiveControl& live;
  Clock& clock;
  absl::Duration suspect_after = absl::Seconds(5);   // a resource silent for longer gets no new work
  absl::Duration live_early = absl::Minutes(15);     // an encoder's lecture is due from so long before its start
  absl::Duration live_late = absl::Minutes(15);      // until so long after its end
  absl::Duration live_grace = absl::Seconds(60);     // an encoder that has gone goes on where it was for so long
  // What Installation shows where the administrators have set nothing.
  std::string public_rtmp_url{};
  std::string public_grpc_endpoint{};
  Viewers* viewers = nullptr;                        // null: viewers are not counted
  std::string public_url{};                          // of the pages, for calendars; empty: these name none
};

void AddAuthService(Registry& registry, const ServiceDeps& deps);
void AddUserService(Registry& registry, const ServiceDeps& deps);
// Calls of both that end sessions: passwords that are changed, people who are disabled.
void AddAccountCalls(Registry& registry, const ServiceDeps& deps);
void AddInstallationService(Registry& registry, const ServiceDeps& deps);
void AddOrganizationService(Registry& registry, const ServiceDeps& deps);
void AddHomeService(Registry& registry, const ServiceDeps& deps);
void AddCalendarService(Registry& registry, const ServiceDeps& deps);
void AddCourseService(Registry& registry, const ServiceDeps& deps);
void AddLectureService(Registry& registry, const ServiceDeps& deps);
// LectureService's methods that change lectures, take uploads and keep sections.
void AddLectureWriting(Registry& registry, const ServiceDeps& deps);
void AddLectureUploads(Registry& registry, const ServiceDeps& deps);
void AddLectureSections(Registry& registry, const ServiceDeps& deps);
void AddPlaybackService(Registry& registry, const ServiceDeps& deps);
// PlaybackService's methods for recordings as files.
void AddDownloads(Registry& registry, const ServiceDeps& deps);
void AddResourceService(Registry& registry, const ServiceDeps& deps);
void AddJobService(Registry& registry, const ServiceDeps& deps);
void AddHallService(Registry& registry, const ServiceDeps& deps);
void AddLiveService(Registry& registry, const ServiceDeps& deps);
// LiveService's methods for RTMP proxies.
void AddLiveProxyCalls(Registry& registry, const ServiceDeps& deps);

// All of them.
void AddServices(Registry& registry, const ServiceDeps& deps);

}  // namespace lectern::api
