#include "tests/support/media.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/file.h"
#include "common/exec/process.h"

namespace lectern::testing {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// Speech for 3 s, then silence for 3 s, and so on: begins of speech at 0, 6, 12 ...
constexpr double kSpeechSeconds = 3, kPauseSeconds = 3;
constexpr int kSpeeches = 4;

[[noreturn]] void GiveUp(const std::string& what) {
  fprintf(stderr, "test media: %s\n", what.c_str());
  abort();
}

Words Join(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Words Picture(const std::string& size, double seconds, int rate = 25) {
  return {"-f", "lavfi", "-i", absl::StrCat("testsrc2=s=", size, ":r=", rate, ":d=", seconds)};
}
Words Sine(double seconds) {
  return {"-f", "lavfi", "-i", absl::StrCat("sine=f=440:d=", seconds)};
}
Words H264(int gop = 50) {
  return {"-c:v",          "libx264", "-preset", "veryfast",        "-bf",      "2",
          "-sc_threshold", "0",       "-g",      absl::StrCat(gop), "-pix_fmt", "yuv420p"};
}
const Words kAac = {"-c:a", "aac", "-b:a", "64k"};

void Ffmpeg(const Words& arguments, const std::string& output) {
  bool ok = false;
  std::string log = RunTool(Join(Join({"ffmpeg", "-nostdin", "-v", "error", "-y"}, arguments), {output}), &ok);
  if (!ok) GiveUp(absl::StrCat(output, ": ", log));
}

void Write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string Read(const std::string& path) {
  absl::StatusOr<std::string> content = ReadFile(path);
  if (!content.ok()) GiveUp(content.status().ToString());
  return *content;
}

void Truncated(const std::string& output) {
  std::string whole = Read(MediaFile("lecture.mp4"));
  size_t moov = whole.find("moov");
  if (moov == std::string::npos || moov < whole.size() / 2) GiveUp("the moov is not at the end");
  Write(output, whole.substr(0, moov - 100));
}

void Damaged(const std::string& output) {
  std::string whole = Read(MediaFile("lecture.mp4"));
  size_t begin = whole.find("mdat") + 8, end = whole.find("moov") - 8;
  unsigned state = 1;
  for (size_t i = begin; i < end; ++i) whole[i] = static_cast<char>((state = state * 1103515245 + 12345) >> 16);
  Write(output, whole);
}

// Real speech where Debian's pocketsphinx-testdata is there, else a synthetic voice.
std::string SpeechClip(const std::string& output) {
  std::string raw = "/usr/share/pocketsphinx/test/data/goforward.raw";
  std::string wav = output + ".wav";
  if (fs::exists(raw)) {
    Ffmpeg({"-f", "s16le", "-ar", "16000", "-ac", "1", "-i", raw, "-af", "silenceremove=1:0:-45dB", "-ar", "48000"},
           wav);
    return wav;
  }
  bool ok = false;
  RunTool({"espeak-ng", "-w", wav, "Good morning. Today we prove that every recursive set is recursively enumerable."},
          &ok);
  if (!ok) GiveUp("neither pocketsphinx-testdata nor espeak-ng is installed");
  return wav;
}

void QuietSpeech(const std::string& output) {
  std::string clip = SpeechClip(output);
  std::string cycle =
      absl::StrCat("aloop=-1:2e9,atrim=0:", kSpeechSeconds, ",loudnorm=I=-20,volume=-25dB,apad=pad_dur=", kPauseSeconds,
                   ",atrim=0:", kSpeechSeconds + kPauseSeconds);
  // Room noise well below the voice, as in a real hall.
  std::string graph =
      absl::StrCat("[0:a]", cycle, ",aresample=48000,aloop=", kSpeeches - 1, ":",
                   static_cast<int>(48000 * (kSpeechSeconds + kPauseSeconds)),
                   "[voice];anoisesrc=a=0.0002:r=48000:d=", kSpeeches * (kSpeechSeconds + kPauseSeconds),
                   "[noise];[voice][noise]amix=inputs=2:duration=shortest:normalize=0[out]");
  Ffmpeg(Join(Join({"-i", clip}, Picture("320x180", kSpeeches * (kSpeechSeconds + kPauseSeconds), 5)),
              Join({"-filter_complex", graph, "-map", "1:v", "-map", "[out]"}, Join(H264(10), kAac))),
         output);
  fs::remove(clip);
}

void FlashBeep(const std::string& output) {
  Ffmpeg({"-f",
          "lavfi",
          "-i",
          "color=black:s=320x180:r=25:d=12",
          "-f",
          "lavfi",
          "-i",
          "aevalsrc='0.8*sin(2*PI*1000*t)*between(mod(t,2),1,1.1)':s=48000:d=12",
          "-vf",
          "drawbox=c=white:t=fill:enable='between(mod(t,2),0.999,1.09)'",
          "-c:v",
          "libx264",
          "-preset",
          "veryfast",
          "-bf",
          "2",
          "-g",
          "50",
          "-sc_threshold",
          "0",
          "-pix_fmt",
          "yuv420p",
          "-c:a",
          "aac",
          "-b:a",
          "96k"},
         output);
}

using Recipe = std::function<void(const std::string& output)>;

Recipe Encode(const Words& arguments) {
  return [arguments](const std::string& output) { Ffmpeg(arguments, output); };
}
Recipe Remux(const std::string& source, const Words& arguments = {}) {
  return [=](const std::string& output) { Ffmpeg(Join({"-i", MediaFile(source), "-c", "copy"}, arguments), output); };
}
// Picture and sound of a file, each moved by some seconds.
Recipe TwoClocks(const std::string& source, const std::string& video, const std::string& audio) {
  return [=](const std::string& output) {
    std::string path = MediaFile(source);
    Ffmpeg(
        {"-itsoffset", video, "-i", path, "-itsoffset", audio, "-i", path, "-map", "0:v", "-map", "1:a", "-c", "copy"},
        output);
  };
}
Recipe Text(const std::string& text) {
  return [text](const std::string& output) { Write(output, text); };
}

std::map<std::string, Recipe> Recipes() {
  Words both = Join(Picture("320x180", 9), Sine(9));
  Words brief = Join(Picture("320x180", 4), Sine(4));
  return {
      {"lecture.mp4", Encode(Join(Join(both, H264()), kAac))},
      {"lecture.mkv", Remux("lecture.mp4")},
      {"lecture.ts", Remux("lecture.mp4")},
      {"lecture.flv", Remux("lecture.mp4")},
      {"audio_only.m4a", Encode(Join(Sine(6), kAac))},
      {"no_audio.mp4", Encode(Join(Picture("320x180", 4), H264()))},
      {"long_gop.mp4", Encode(Join(Picture("320x180", 15), H264(1000)))},
      {"all_intra.mp4", Encode(Join(Picture("320x180", 4), H264(1)))},
      {"late_video.mp4", TwoClocks("lecture.mp4", "0.7", "0")},
      {"late_sound.mp4", TwoClocks("lecture.mp4", "0", "0.7")},
      {"odd.mkv", Encode(Join(Join(Picture("321x181", 4), Sine(4)), {"-c:v", "libx264", "-preset", "veryfast",
                                                                     "-pix_fmt", "yuv444p", "-c:a", "libmp3lame"}))},
      {"vfr.mkv",
       Encode(Join(Join(Picture("320x180", 12), Sine(12)),
                   Join({"-vf", "select='not(between(t,1.5,3.3))*not(between(t,5.95,7.7))*if(gt(t,9),mod(n,3),1)'",
                         "-fps_mode", "vfr"},
                        Join(H264(), kAac))))},
      {"ten_bit.mp4",
       Encode(Join(brief, {"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p10le", "-c:a", "aac"}))},
      {"hevc.mp4", Encode(Join(brief, {"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error",
                                       "-tag:v", "hvc1", "-c:a", "aac"}))},
      {"vp9.webm",
       Encode(Join(brief, {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"}))},
      {"rotated.mp4", Remux("lecture.mp4", {"-metadata:s:v", "rotate=90"})},
      {"anamorphic.mp4", Encode(Join(Join(brief, H264()), {"-vf", "setsar=4/3", "-c:a", "aac"}))},
      {"hd.mp4", Encode(Join(Join(Picture("1280x720", 4), Sine(4)), Join(H264(), kAac)))},
      {"flash_beep.mp4", FlashBeep},
      {"quiet_speech.mp4", QuietSpeech},
      {"not_a_video.mp4", Text("These are the minutes of the meeting of the examination board.\n")},
      {"picture.mp4",
       [](const std::string& output) {
         Ffmpeg(Join(Picture("320x180", 1), {"-frames:v", "1", "-c:v", "png", "-f", "image2"}), output);
       }},
      {"empty.mp4", Text("")},
      {"truncated.mp4", Truncated},
      {"broken.mp4", Damaged},
      {"playlist.mp4", Text("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")},
  };
}

std::string Folder() {
  const char* build = getenv("LECTERN_BINARY_DIR");
  std::string folder = absl::StrCat(build != nullptr ? build : "/tmp/lectern", "/test-media");
  fs::create_directories(folder);
  return folder;
}

}  // namespace

std::string MediaFile(const std::string& name) {
  std::string path = absl::StrCat(Folder(), "/", name);
  if (fs::exists(path)) return path;
  std::map<std::string, Recipe> recipes = Recipes();
  auto recipe = recipes.find(name);
  if (recipe == recipes.end()) GiveUp(absl::StrCat("nobody knows how to make ", name));
  // Tests run side by side: each makes its own, the last one stays.
  std::string temporary = absl::StrCat(Folder(), "/", getpid(), "-", name);
  recipe->second(temporary);
  fs::rename(temporary, path);
  return path;
}

std::vector<std::pair<double, double>> QuietSpeechPauses() {
  std::vector<std::pair<double, double>> pauses;
  for (int i = 0; i < kSpeeches; ++i) {
    double begin = i * (kSpeechSeconds + kPauseSeconds) + kSpeechSeconds;
    pauses.emplace_back(begin, begin + kPauseSeconds);
  }
  return pauses;
}

std::string RunTool(const std::vector<std::string>& argv, bool* ok) {
  std::string output;
  ProcessOptions options;
  options.argv = argv;
  options.on_stdout_bytes = [&](absl::string_view bytes) { output.append(bytes.data(), bytes.size()); };
  options.on_stderr_line = [&](absl::string_view line) { absl::StrAppend(&output, line, "\n"); };
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(std::move(options));
  if (!process.ok()) GiveUp(process.status().ToString());
  bool succeeded = (*process)->Wait().ok();
  if (ok != nullptr) *ok = succeeded;
  return output;
}

}  // namespace lectern::testing
