// The descriptors of the installation's proto files, with their comments. Internal to this room.
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

namespace lectern::api {

class CommentedDescriptors {
 public:
  // Aborts where they cannot be read.
  CommentedDescriptors();

  // In the order of the files' names, then of the text.
  std::vector<const google::protobuf::ServiceDescriptor*> Services() const;

 private:
  google::protobuf::DescriptorPool pool_;
  std::vector<std::string> files_;   // of package lectern.v1
};

// The comment above the element, else behind it, as one text; empty where there is none.
template <typename Element>
std::string CommentOf(const Element& element) {
  google::protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) return "";
  return location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
}

// Without the indentation of each line and without line breaks within a paragraph.
std::string Prose(const std::string& comment);

}  // namespace lectern::api
