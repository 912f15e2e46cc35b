package ingest

import (
	"bytes"

	"calaudit/ingest/siptrace"
)

const ocsTraceName = "siptrace-ocslogger"

// ocsTraceFormat: the shape is known from published traces alone.
func ocsTraceFormat() Format {
	return traceFormat(ocsTraceName, "SIPStack traces of the servers as text, written by OCSLogger, the Lync logging tool or centralized logging (UTC)",
		"published traces", ocsTraceSample, siptrace.OCSLogger, func(h *Head) Verdict {
			return Verdict{Yes: !h.Bin && siptrace.Looks(siptrace.OCSLogger, h.Text)}
		})
}

var ocsTraceSample = string(bytes.ReplaceAll([]byte(`TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::03/02/2009-08:01:00.123.00004f1a (SIPStack,SIPAdminLog::TraceProtocolRecord:SIPAdminLog.cpp(122))$$begin_record
Instance-Id: 00000A01
Direction: incoming
Peer: pc1.contoso.com:50061
Message-Type: request
Start-Line: REGISTER sip:contoso.com SIP/2.0
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Contact: <sip:10.1.9.9:50061;transport=tls>;+sip.instance="<urn:uuid:34D859DB-6585-5F91-A3B4-DE853C15347D>"
User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)
Message-Body: -
$$end_record

TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::03/02/2009-08:01:00.140.00004f1b (SIPStack,SIPAdminLog::TraceProtocolRecord:SIPAdminLog.cpp(122))$$begin_record
Instance-Id: 00000A02
Direction: outgoing;source="local"
Peer: pc1.contoso.com:50061
Message-Type: response
Start-Line: SIP/2.0 200 OK
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>;tag=77aa
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Expires: 7200
Authentication-Info: Kerberos realm="SIP Communications Service", targetname="sip/fe1.contoso.com"
Message-Body: -
$$end_record
`), []byte("\n"), []byte("\r\n")))
