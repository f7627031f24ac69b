package b64

import _ "encoding/base64"
