// The part of LectureService that keeps sections.
#include <google/protobuf/empty.pb.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/services/convert.h"
#include "api/services/fields.h"
#include "api/services/services.h"
#include "common/base/status.h"
#include "lectern/v1/lectures.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Empty;

constexpr int kMaxTitle = 200;
constexpr int64_t kMaxPositionSeconds = 7 * 24 * 3600;

absl::StatusOr<int64_t> PositionMs(absl::string_view field, const google::protobuf::Duration& position) {
  const bool valid = position.seconds() >= 0 && position.seconds() <= kMaxPositionSeconds && position.nanos() >= 0 &&
                     position.nanos() <= 999'999'999;
  if (!valid) return BadField(field, absl::StrCat(position.seconds(), "s"), "write a time from the lecture's start");
  return position.seconds() * 1000 + position.nanos() / 1'000'000;
}

struct Wanted {
  bool position = false;
  bool title = false;
};

absl::StatusOr<Wanted> WantedOf(const v1::UpdateSectionRequest& request) {
  if (!request.has_update_mask()) return Wanted{request.section().has_position(), !request.section().title().empty()};
  Wanted wanted;
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "position") {
      wanted.position = true;
    } else if (path == "title") {
      wanted.title = true;
    } else {
      return BadField("update_mask", path, "a section's position and title can be changed");
    }
  }
  return wanted;
}

void ToProto(const SectionRow& row, v1::Section& section) {
  section.set_name(NameOf("sections", row.id));
  section.set_lecture(NameOf("lectures", row.lecture_id));
  SetDuration(absl::Milliseconds(row.position_ms), *section.mutable_position());
  section.set_title(row.title);
}

class LectureSections {
 public:
  explicit LectureSections(const ServiceDeps& deps) : deps_(deps) {}

  absl::Status Create(CallContext&, const v1::CreateSectionRequest& request, v1::Section& section) {
    ASSIGN_OR_RETURN(int64_t lecture, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(std::string title, RequireText("title", request.title(), kMaxTitle));
    ASSIGN_OR_RETURN(int64_t position_ms, PositionMs("position", request.position()));
    ASSIGN_OR_RETURN(SectionRow row, deps_.stores.lectures.InsertSection(lecture, position_ms, title));
    ToProto(row, section);
    return absl::OkStatus();
  }

  absl::Status List(CallContext&, const v1::ListSectionsRequest& request, v1::ListSectionsResponse& response) {
    ASSIGN_OR_RETURN(int64_t lecture, RequireName("lecture", request.lecture(), "lectures"));
    ASSIGN_OR_RETURN(std::vector<SectionRow> rows, deps_.stores.lectures.ListSections(lecture));
    for (const SectionRow& row : rows) ToProto(row, *response.add_sections());
    return absl::OkStatus();
  }

  absl::Status Update(CallContext&, const v1::UpdateSectionRequest& request, v1::Section& section) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("section.name", request.section().name(), "sections"));
    ASSIGN_OR_RETURN(Wanted wanted, WantedOf(request));
    std::optional<int64_t> position_ms;
    std::optional<std::string> title;
    if (wanted.position) {
      ASSIGN_OR_RETURN(position_ms, PositionMs("section.position", request.section().position()));
    }
    if (wanted.title) {
      ASSIGN_OR_RETURN(title, RequireText("section.title", request.section().title(), kMaxTitle));
    }
    ASSIGN_OR_RETURN(SectionRow row, deps_.stores.lectures.UpdateSection(id, position_ms, title));
    ToProto(row, section);
    return absl::OkStatus();
  }

  absl::Status Delete(CallContext&, const v1::DeleteSectionRequest& request, Empty&) {
    ASSIGN_OR_RETURN(int64_t id, RequireName("name", request.name(), "sections"));
    return deps_.stores.lectures.DeleteSection(id);
  }

 private:
  const ServiceDeps deps_;
};

}  // namespace

void AddLectureSections(Registry& registry, const ServiceDeps& deps) {
  auto service = std::make_shared<LectureSections>(deps);
  registry.Add("lectern.v1.LectureService.CreateSection", service, &LectureSections::Create);
  registry.Add("lectern.v1.LectureService.ListSections", service, &LectureSections::List);
  registry.Add("lectern.v1.LectureService.UpdateSection", service, &LectureSections::Update);
  registry.Add("lectern.v1.LectureService.DeleteSection", service, &LectureSections::Delete);
}

}  // namespace lectern::api
