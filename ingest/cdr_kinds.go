package ingest

import "strings"

// meetingKind tells what a meeting or conferencing server is for, from a text
// of UriTypes ("conf:chat") or from its address
// ("...;gruu;opaque=app:conf:chat:id:..."). UriTypes numbers its rows at run
// time, so only the text means anything (vendor's "UriTypes table"). The focus
// is the meeting itself and tells no kind.
func meetingKind(text string) (flags int32, media Media) {
	text = strings.ToLower(text)
	i := max(strings.Index(text, "conf:"), strings.Index(text, "srvr:"))
	if i < 0 {
		return 0, 0
	}
	word := text[i+len("conf:"):]
	if i := strings.IndexAny(word, ":;"); i >= 0 {
		word = word[:i]
	}
	switch word {
	case "chat":
		return int32(ChatKind), MediaIM
	case "audio-video":
		return int32(WebKind), MediaAudio | MediaVideo
	case "phone-conf":
		return int32(WebKind), MediaAudio
	case "data-conf", "meeting":
		return int32(WebKind), MediaData
	case "applicationsharing":
		return int32(WebKind), MediaSharing
	}
	return 0, 0
}

// meetings reads ConferenceUris and Mcus, which tell kinds of meetings: by
// UriTypes, else by the address itself.
func (s *cdrSet) meetings(r *cdrRows, idName, uriName, typeName string) rowReader {
	ids, id := s.ids[r.part.def.name], r.t.Column(idName)
	uri, kind := r.t.Column(uriName), r.t.Column(typeName)
	word := r.t.Column("ConferenceUriType", "McuUriType") // of the views
	meeting := r.part.def.name == "ConferenceUris"
	types := r.lack("UriTypes", "kinds of meetings go by address, else are", kind)
	return func(*Record) (string, error) {
		n, err := r.id(id)
		if err != nil {
			return "", err
		}
		e := cdrEntry{state: cdrKnown}
		t, err := r.entry(types, kind)
		if err != nil {
			return "", err
		}
		if t != nil {
			e.aux, e.media = t.aux, t.media
		}
		if e.aux == 0 && word >= 0 {
			e.aux, e.media = meetingKind(string(r.value(word)))
		}
		address := string(r.value(uri))
		if e.aux == 0 {
			e.aux, e.media = meetingKind(address)
		}
		e.gap = r.gap && e.aux == 0
		if meeting {
			e.aux |= int32(addressHash(address))
		}
		if old := ids.at(n); old == nil || s.before(e, *old) {
			*ids.put(n) = e
		}
		return "", nil
	}
}

// SessionDetails.MediaTypes is a set of bits (vendor's "SessionDetails
// table"): 1 IM, 2 file transfer, 4 remote assistance, 8 application sharing,
// 16 audio, 32 video, 64 application invite.
func mediaBits(n int64) (m Media) {
	for _, bit := range [...]struct {
		bit   int64
		media Media
	}{{1, MediaIM}, {2, MediaFile}, {4 | 8 | 64, MediaSharing}, {16, MediaAudio}, {32, MediaVideo}} {
		if n&bit.bit != 0 {
			m |= bit.media
		}
	}
	return m
}

// Media.MediaId is a plain number (vendor's "MediaList table").
func mediaNumber(n int64) Media {
	switch n {
	case 1:
		return MediaIM
	case 2:
		return MediaFile
	case 3, 4, 7:
		return MediaSharing
	case 5:
		return MediaAudio
	case 6:
		return MediaVideo
	}
	return 0
}

// mediaNamed reads MediaList.Media.
func mediaNamed(text string) Media {
	switch text = strings.ToLower(text); {
	case text == "im", strings.Contains(text, "instant"):
		return MediaIM
	case strings.Contains(text, "file"):
		return MediaFile
	case strings.Contains(text, "audio"):
		return MediaAudio
	case strings.Contains(text, "video"):
		return MediaVideo
	case strings.Contains(text, "assist"), strings.Contains(text, "app"), strings.Contains(text, "shar"):
		return MediaSharing
	}
	return 0
}

// roleOf reads Roles.Role; roleNumber its documented numbers.
func roleOf(text string) Role {
	switch strings.ToLower(text) {
	case "presenter":
		return Presenter
	case "attendee":
		return Attendee
	}
	return NoRole
}

func roleNumber(n int64) Role {
	switch n {
	case 1:
		return Presenter
	case 2:
		return Attendee
	}
	return NoRole
}

// cdrSyntheticAgent is UserAgentDef's code of the product's own test traffic
// (ST, synthetic transactions).
const cdrSyntheticAgent = 16396
