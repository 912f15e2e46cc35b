package ingest

import "calaudit/ingest/siptrace"

const sipeTraceName = "siptrace-sipe"

// sipeTraceFormat: the shape is known from logs in the SIPE project's issues.
func sipeTraceFormat() Format {
	return traceFormat(sipeTraceName, "debug log of Pidgin and other clients with the SIPE plug-in: the traffic of one client (UTC)",
		"published traces", sipeTraceSample, siptrace.SIPE, func(h *Head) Verdict {
			return Verdict{Yes: !h.Bin && siptrace.Looks(siptrace.SIPE, h.Text)}
		})
}

const sipeTraceSample = `(09:01:00) sipe: sipe_register: signing in
(09:01:00) sipe:
MESSAGE START >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z
REGISTER sip:contoso.com SIP/2.0
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Contact: <sip:10.1.9.9:50061;transport=tls;ms-opaque=d3470f2e1d>;proxy=replace;+sip.instance="<urn:uuid:34d859db-6585-5f91-a3b4-de853c15347d>"
User-Agent: Purple/2.10.12 Sipe/1.21.0 (linux-x86_64; RTC/5.0)
Expires: 7200
Content-Length: 0

MESSAGE END >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z
(09:01:00) sipe:
MESSAGE START <<<<<<<<<< SIP(0x55d0c8) - 2009-03-02T08:01:00.140000Z
SIP/2.0 200 OK
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>;tag=77aa
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Expires: 7200
Content-Length: 0

MESSAGE END <<<<<<<<<< SIP(0x55d0c8) - 2009-03-02T08:01:00.140000Z
`
