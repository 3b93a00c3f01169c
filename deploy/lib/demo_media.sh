# shellcheck shell=bash
# The demo's recordings, drawn and spoken here: slides, a lecturer at a board, and a voice with pauses.

DEMO_FONT=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
DEMO_FONT_BOLD=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf
DEMO_ENCODE=(-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 50 -c:a aac -b:a 128k -ac 2 -ar 48000 -movflags +faststart)

demo_ffmpeg() { ffmpeg -nostdin -v error -y "$@"; }

# demo_speech FILE: spoken sentences with pauses, as in a lecture.
demo_speech() {
  espeak-ng -v en -s 150 -m -w "$1" '<speak>Welcome to the first lecture on robotics. Today we look at the pose of a rigid body, and at how a
    camera sees it. The position is a vector with three numbers. The orientation is a rotation matrix. <break time="2s"/>
    A rotation matrix has nine numbers, but only three degrees of freedom: its columns have the length one, and they are orthogonal.
    Let us write that on the board. <break time="6s"/>
    Now we go on with homogeneous coordinates. A fourth coordinate turns a translation into a matrix product, so that one matrix says
    where the body is and how it is turned. Are there any questions so far? <break time="5s"/>
    Then a last word about the camera. From the body to the world, from the world to the camera, and from the camera to the picture.
    That is all for today. The exercise sheet is on the course page. Thank you, and see you next week.</speak>'
}

# demo_slide FILE COLOUR FOOTER TITLE [LINE...]: one picture of 1280x720.
demo_slide() {
  local file=$1 colour=$2 work=$1.text
  printf '%s' "$3" >"$work.footer"
  printf '%s' "$4" >"$work.title"
  shift 4
  printf '%s\n' "$@" >"$work.body"
  demo_ffmpeg -f lavfi -i "color=c=0xfafbfd:size=1280x720" -frames:v 1 -vf "drawbox=w=22:h=ih:color=$colour:t=fill,\
drawtext=fontfile=$DEMO_FONT_BOLD:fontsize=52:fontcolor=0x14213d:x=90:y=80:textfile=$work.title,drawbox=x=92:y=160:w=120:h=6:color=$colour:t=fill,\
drawtext=fontfile=$DEMO_FONT:fontsize=36:fontcolor=0x2b3547:line_spacing=26:x=90:y=220:textfile=$work.body,\
drawtext=fontfile=$DEMO_FONT:fontsize=20:fontcolor=0x6b7585:x=90:y=668:textfile=$work.footer" "$file"
  rm "$work.footer" "$work.title" "$work.body"
}

# demo_deck FOLDER COLOUR FOOTER NAME: slides of one lecture, NAME-1.png and so on, from standard input: a title, then its lines, each slide
# ended by an empty line.
demo_deck() {
  local folder=$1 colour=$2 footer=$3 name=$4 number=0 line lines=()
  while IFS= read -r line || [ "${#lines[@]}" -gt 0 ]; do
    if [ -n "$line" ]; then
      lines+=("$line")
    elif [ "${#lines[@]}" -gt 0 ]; then
      number=$((number + 1))
      demo_slide "$folder/$name-$number.png" "$colour" "$footer     $number" "${lines[@]}"
      lines=()
    fi
  done
}

# demo_slides_video FOLDER NAME SECONDS SIZE FILE: the deck's pictures one after the other, with the spoken sound.
demo_slides_video() {
  local folder=$1 name=$2 seconds=$3 size=$4 file=$5 count
  count=$(find "$folder" -name "$name-*.png" | wc -l)
  demo_ffmpeg -framerate "$count/$seconds" -i "$folder/$name-%d.png" -i "$folder/speech.wav" -af apad -t "$seconds" -vf "fps=25,scale=$size" \
    "${DEMO_ENCODE[@]}" -tune stillimage "$file"
}

# demo_room FOLDER: the parts of the camera's picture: room with board, head, body, arm.
demo_room() {
  local folder=$1 round="format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a"
  demo_ffmpeg -f lavfi -i "gradients=size=1280x720:c0=0xe9e4da:c1=0xcfc7b8:x0=0:y0=0:x1=0:y1=719:nb_colors=2" -frames:v 1 -vf "\
drawbox=x=110:y=70:w=860:h=420:color=0x8a6d4b:t=fill,drawbox=x=122:y=82:w=836:h=396:color=0x23513f:t=fill,\
drawtext=fontfile=$DEMO_FONT:fontsize=44:fontcolor=0xf2f5ee:x=170:y=120:text='Pose of a rigid body',\
drawtext=fontfile=$DEMO_FONT:fontsize=40:fontcolor=0xdfe8d8:x=170:y=210:text='x′ = R x + t',\
drawtext=fontfile=$DEMO_FONT:fontsize=34:fontcolor=0xdfe8d8:x=170:y=290:text='R Rᵀ = I     det R = 1',\
drawtext=fontfile=$DEMO_FONT:fontsize=34:fontcolor=0xf5d98b:x=170:y=370:text='9 numbers − 6 conditions = 3',\
drawbox=x=110:y=490:w=860:h=14:color=0x6f5638:t=fill,drawbox=y=640:w=iw:h=80:color=0x7b5a3a:t=fill,drawbox=y=640:w=iw:h=8:color=0x5f4429:t=fill" \
    "$folder/room.png"
  demo_ffmpeg -f lavfi -i "color=c=0xd9a87e:size=150x180,drawbox=h=62:color=0x3a2a1e:t=fill" -frames:v 1 \
    -vf "$round='255*lt(pow((X-75)/72,2)+pow((Y-90)/88,2),1)'" "$folder/head.png"
  demo_ffmpeg -f lavfi -i "color=c=0x27406b:size=330x420,drawbox=x=150:w=30:h=90:color=0xf4f4f4:t=fill" -frames:v 1 \
    -vf "$round='255*gt(lt(pow((X-165)/165,2)+pow((Y-170)/168,2),1)+gt(Y,170),0)'" "$folder/body.png"
  demo_ffmpeg -f lavfi -i "color=c=0x1f3459:size=300x300,drawbox=w=92:h=ih:color=0xd9a87e:t=fill" -frames:v 1 \
    -vf "$round='255*lt(abs(Y-150),25)*lt(abs(X-150),112)'" "$folder/arm.png"
}

# demo_camera FOLDER SECONDS SIZE FILE: the lecturer walks a little and points at the board.
demo_camera() {
  local folder=$1 seconds=$2 size=$3 file=$4 walk="(930+70*sin(t/3.1)+40*sin(t/1.3))"
  demo_room "$folder"
  demo_ffmpeg -loop 1 -framerate 25 -i "$folder/room.png" -loop 1 -framerate 25 -i "$folder/body.png" -loop 1 -framerate 25 -i "$folder/head.png" \
    -loop 1 -framerate 25 -i "$folder/arm.png" -i "$folder/speech.wav" -t "$seconds" -af apad -filter_complex "\
[3]rotate=a='0.25+0.3*sin(t/1.7)':c=none[arm];[0][arm]overlay=x='$walk-200':y=300[a];[a][1]overlay=x='$walk-60':y='350+3*sin(t*2)'[b];\
[b][2]overlay=x='$walk+32+4*sin(t*1.9)':y='205+4*sin(t*2.3)',drawbox=y=640:w=iw:h=80:color=0x7b5a3a:t=fill,scale=$size,format=yuv420p[v]" \
    -map '[v]' -map 4:a "${DEMO_ENCODE[@]}" "$file"
}

# demo_live_video FOLDER NAME SECONDS FILE: slides and camera composed, as a lecture hall's mixer does it; key frames every two seconds.
demo_live_video() {
  demo_ffmpeg -framerate 1/10 -loop 1 -i "$1/$2-%d.png" -i "$1/cam.mp4" -t "$3" -filter_complex "\
color=c=0x1d2630:size=640x360:rate=25[dark];[0]fps=25,scale=448:252[slides];[1]crop=510:720:690:0,scale=178:252[cam];\
[dark][slides]overlay=8:54[a];[a][cam]overlay=456:54,drawtext=fontfile=$DEMO_FONT_BOLD:fontsize=20:fontcolor=white:x=10:y=18:text='Open house',\
drawtext=fontfile=$DEMO_FONT:fontsize=16:fontcolor=0xc3cedb:x=10:y=322:text='School of Engineering',format=yuv420p[v]" -map '[v]' -map 1:a \
    -c:v libx264 -preset veryfast -crf 28 -maxrate 500k -bufsize 1000k -g 50 -sc_threshold 0 -c:a aac -b:a 96k -ac 2 -ar 48000 "$4"
}
