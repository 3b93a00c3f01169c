#!/bin/sh
# usage: tests/bench/live_pipeline/run.sh BUILD_FOLDER
# What a live pipeline costs, beside plain FFmpeg doing the same: one minute of 1080p30 with a moving inset on a still slide.
set -eu
bench="$1/bench/bench_live_pipeline"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make() {   # name, size of the picture, bits a second
  ffmpeg -nostdin -v error -f lavfi -i "smptebars=s=$2:r=30" -f lavfi -i "testsrc2=s=480x270:r=30,noise=alls=20:allf=t" \
    -f lavfi -i sine -filter_complex "[0][1]overlay=W-w:0" -t 60 -c:v libx264 -preset veryfast -b:v "$3" -maxrate "$3" -bufsize "$3" \
    -g 60 -bf 2 -sc_threshold 0 -pix_fmt yuv420p -c:a aac -b:a 128k -f flv "$work/$1.flv"
}
make hd 1920x1080 4500k
make small 1280x720 1M
echo "== copy and two renditions, 1080p30"
"$bench" "$work/hd.flv" 1 2
echo "== plain FFmpeg: copy and two renditions"
sh -c "ffmpeg -nostdin -v error -re -i $work/hd.flv -filter_complex '[0:v]scale=1280:720:flags=fast_bilinear,split[a][b];[b]scale=854:480:flags=fast_bilinear[c]' \
  -map 0:v -c copy -f mp4 -movflags frag_keyframe+empty_moov -y /dev/null \
  -map '[a]' -c:v libx264 -preset veryfast -crf 24 -maxrate 2500k -bufsize 5M -sc_threshold 0 -force_key_frames source -f mp4 -movflags frag_keyframe+empty_moov -y /dev/null \
  -map '[c]' -c:v libx264 -preset veryfast -crf 24 -maxrate 1200k -bufsize 2400k -sc_threshold 0 -force_key_frames source -f mp4 -movflags frag_keyframe+empty_moov -y /dev/null; times" | tail -1
echo "== 20 pass-through pipelines of 1 Mbit/s"
"$bench" "$work/small.flv" 20 0
