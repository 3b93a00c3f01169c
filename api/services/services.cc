#include "api/services/services.h"

namespace lectern::api {

void AddServices(Registry& registry, const ServiceDeps& deps) {
  AddAuthService(registry, deps);
  AddUserService(registry, deps);
  AddAccountCalls(registry, deps);
  AddInstallationService(registry, deps);
  AddOrganizationService(registry, deps);
  AddHomeService(registry, deps);
  AddCalendarService(registry, deps);
  AddCourseService(registry, deps);
  AddLectureService(registry, deps);
  AddLectureWriting(registry, deps);
  AddLectureUploads(registry, deps);
  AddLectureSections(registry, deps);
  AddPlaybackService(registry, deps);
  AddDownloads(registry, deps);
  AddResourceService(registry, deps);
  AddJobService(registry, deps);
  AddHallService(registry, deps);
  AddLiveService(registry, deps);
  AddLiveProxyCalls(registry, deps);
}

}  // namespace lectern::api
