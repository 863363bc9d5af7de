# Makes a C array of the parts of the script that plays a scenario: cmake -D OUT=FILE -D PARTS=A|B -P this
string(REPLACE "|" ";" PARTS "${PARTS}")
set(bytes)
foreach(part ${PARTS})
  file(READ ${part} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND bytes "${hex}\n0x0a,0x0a,\n")
endforeach()
file(WRITE ${OUT} "extern const char python_runtime[];\nconst char python_runtime[] = {\n${bytes}0};\n")
