{{- /* Where an engine is: pods of the release, or peers that the values name. Takes root, engine, values. */ -}}
{{- define "spotter.enginePeers" -}}
{{- if .values.bundled.enabled -}}
- podSelector:
    matchLabels:
      {{- include "spotter.componentSelector" (dict "root" .root "component" .engine) | nindent 6 }}
{{- else if .values.existing.peers -}}
{{ toYaml .values.existing.peers }}
{{- else -}}
{{- fail (printf "%s.existing.peers is empty, so the network policies would cut it off: say where it is, for example [{ipBlock: {cidr: 10.1.2.3/32}}], or set networkPolicy.enabled=false" .engine) -}}
{{- end -}}
{{- end -}}

{{- /* Ports of TCP as a list of a policy. */ -}}
{{- define "spotter.tcpPorts" -}}
{{- range . }}
- {protocol: TCP, port: {{ int . }}}
{{- end }}
{{- end -}}

{{- /* Addresses as a list of peers. */ -}}
{{- define "spotter.cidrPeers" -}}
{{- range . }}
- ipBlock: {cidr: {{ . }}}
{{- end }}
{{- end -}}
