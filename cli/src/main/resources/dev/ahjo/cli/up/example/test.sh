#!/bin/sh
# Runs ./hello and reports in JUnit's XML whether it said what it should.
expected=$1
said=$(./hello)
mkdir -p reports
if [ "$said" = "$expected" ]; then
  failures=0
  failure=
else
  failures=1
  failure="<failure message=\"expected '$expected', but it said '$said'\"/>"
fi
cat >reports/TEST-hello.xml <<XML
<testsuite name="hello" tests="1" failures="$failures">
  <testcase classname="hello" name="greets">$failure</testcase>
</testsuite>
XML
echo "hello: greets: $said"
exit $failures
