// A lecture's state in words.
#pragma once

#include <string>

namespace lectern::v1 {  // generated; see proto/lectern/v1/lectures.proto
class Lecture;
class LectureView;
enum View : int;
}  // namespace lectern::v1

namespace lectern::cli {

// The lecture with its views: what is playable, what is still coming, what failed.
std::string LectureText(const v1::Lecture& lecture);

// The steps that are not done yet, on one line: "transcode 720p 34 %, thumbnails waiting". Empty: none.
std::string StepsText(const v1::LectureView& view);

// "comb"
std::string ViewWord(v1::View view);

}  // namespace lectern::cli
