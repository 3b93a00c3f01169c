#include "api/openapi/descriptors.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

extern "C" {
extern const char lectern_descriptors_begin[];
extern const char lectern_descriptors_end[];
}

namespace lectern::api {
namespace {

namespace pb = google::protobuf;

[[noreturn]] void Die(const char* why) {
  std::fprintf(stderr, "the descriptors in this program: %s\n", why);
  std::abort();
}

}  // namespace

CommentedDescriptors::CommentedDescriptors() {
  pb::FileDescriptorSet set;
  const int size = static_cast<int>(lectern_descriptors_end - lectern_descriptors_begin);
  if (!set.ParseFromArray(lectern_descriptors_begin, size)) Die("they cannot be read");
  for (const pb::FileDescriptorProto& file : set.file()) {
    if (pool_.BuildFile(file) == nullptr) Die(file.name().c_str());
    if (file.package() == "lectern.v1") files_.push_back(file.name());
  }
}

std::vector<const pb::ServiceDescriptor*> CommentedDescriptors::Services() const {
  std::vector<const pb::ServiceDescriptor*> services;
  for (const std::string& name : files_) {
    const pb::FileDescriptor* file = pool_.FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

std::string Prose(const std::string& comment) {
  std::string text;
  for (absl::string_view line : absl::StrSplit(comment, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) {
      if (!text.empty() && !absl::EndsWith(text, "\n\n")) text += "\n\n";
    } else {
      absl::StrAppend(&text, text.empty() || absl::EndsWith(text, "\n") ? "" : " ", line);
    }
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

}  // namespace lectern::api
