package ingest

import "calaudit/ingest/siptrace"

const uccapiTraceName = "siptrace-uccapi"

// uccapiTraceFormat: the shape is known from one published log; its zone is
// documented nowhere.
func uccapiTraceFormat() Format {
	return traceFormat(uccapiTraceName, "log of Office Communicator's own stack, *.uccapilog: the traffic of one client, in local times (time_zone of the estate)",
		"published traces", uccapiTraceSample, siptrace.UCCAPI, func(h *Head) Verdict {
			return Verdict{Yes: !h.Bin && siptrace.Looks(siptrace.UCCAPI, h.Text)}
		})
}

const uccapiTraceSample = `03/02/2009|08:01:00.123 0A1C:0B2D INFO  :: Sending Packet - 10.1.2.3:5061 (From Local Address: 10.1.9.9:50061) 512 bytes:
03/02/2009|08:01:00.123 0A1C:0B2D INFO  :: REGISTER sip:contoso.com SIP/2.0
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Contact: <sip:10.1.9.9:50061;transport=tls>;+sip.instance="<urn:uuid:34D859DB-6585-5F91-A3B4-DE853C15347D>"
User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)
Content-Length: 0

03/02/2009|08:01:00.124 0A1C:0B2D INFO  :: End of Sending Packet - 10.1.2.3:5061 (From Local Address: 10.1.9.9:50061) 512 bytes
03/02/2009|08:01:00.140 0A1C:0B2D INFO  :: Data Received - 10.1.2.3:5061 (To Local Address: 10.1.9.9:50061) 380 bytes:
03/02/2009|08:01:00.140 0A1C:0B2D INFO  :: SIP/2.0 200 OK
From: <sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15
To: <sip:alice@contoso.com>;tag=77aa
Call-ID: 4b1f6a2e
CSeq: 2 REGISTER
Expires: 7200
Content-Length: 0

03/02/2009|08:01:00.141 0A1C:0B2D INFO  :: End of Data Received - 10.1.2.3:5061 (To Local Address: 10.1.9.9:50061) 380 bytes
`
