package ingest

import "calaudit/ingest/siptrace"

const bareTraceName = "siptrace-bare"

// bareTraceFormat: any tool that saves messages as they are (RFC 3261).
func bareTraceFormat() Format {
	return traceFormat(bareTraceName, "SIP messages as they are, one after the other, without times: undated unless --file-date dates them",
		"documented", bareTraceSample, siptrace.Bare, func(h *Head) Verdict {
			return Verdict{Yes: !h.Bin && siptrace.Looks(siptrace.Bare, h.Text)}
		})
}

const bareTraceSample = `REGISTER sip:contoso.com SIP/2.0
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Contact: <sip:10.1.9.9:50061;transport=tls>;+sip.instance="<urn:uuid:34D859DB-6585-5F91-A3B4-DE853C15347D>"
User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)
Expires: 7200
Content-Length: 0

SIP/2.0 200 OK
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>;tag=77aa
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Expires: 7200
Content-Length: 0

`
