# SPDX-License-Identifier: MIT
# From the call table with its comments, how many of x1 to x3 each call documents as results.
/^\/\*/ { comment = "" }
/^ \*/ { comment = comment $0 }
/^STILE_CALL\(/ {
    nr = 0
    for (i = 1; i <= 3; i++)
        if (comment ~ "(^|[^a-z0-9])x" i "([^0-9]|$)")
            nr = i
    split($0, parts, /[(,]/)
    print "[" parts[2] "] = " nr ","
}
