{{- /*
Which engine each component talks to. Environment, secrets and network policies all follow this one table.
*/ -}}
{{- define "spotter.needs" -}}
ingest: {kafka: true, postgres: false, redis: {{ or (eq (dig "dashboard" "background" "none" .Values.settings) "blurred") (eq (dig "ingest" "sharing" "fixed" .Values.settings) "lease") }}}
pose: {kafka: true, postgres: false, redis: false}
ergonomics: {kafka: true, postgres: true, redis: true}
notify: {kafka: {{ .Values.notify.kafka }}, postgres: true, redis: false}
dashboard: {kafka: false, postgres: true, redis: true}
maintenance: {kafka: false, postgres: true, redis: false}
migrate: {kafka: false, postgres: true, redis: false}
{{- end -}}

{{- define "spotter.components" -}}
[ingest, pose, ergonomics, notify, dashboard, maintenance]
{{- end -}}

{{- /* Kafka's bootstrap servers as JSON. */ -}}
{{- define "spotter.kafkaServers" -}}
{{- if .Values.kafka.bundled.enabled -}}
{{ list (printf "%s-kafka.%s.svc:9092" (include "spotter.fullname" .) .Release.Namespace) | toJson }}
{{- else -}}
{{- if not .Values.kafka.existing.servers -}}
{{- fail "kafka.existing.servers is empty: name the bootstrap servers, or set kafka.bundled.enabled=true" -}}
{{- end -}}
{{ .Values.kafka.existing.servers | toJson }}
{{- end -}}
{{- end -}}

{{- /* Ports of the brokers as JSON. */ -}}
{{- define "spotter.kafkaPorts" -}}
{{- $ports := list -}}
{{- if and (not .Values.kafka.bundled.enabled) .Values.kafka.existing.ports -}}
{{- $ports = .Values.kafka.existing.ports -}}
{{- else -}}
{{- range include "spotter.kafkaServers" . | fromJsonArray -}}
{{- $ports = append $ports (regexReplaceAll "^.*:" . "" | int) -}}
{{- end -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}

{{- define "spotter.postgresHost" -}}
{{- if .Values.postgres.bundled.enabled -}}
{{ include "spotter.fullname" . }}-postgres
{{- else -}}
{{ required "postgres.existing.host is empty: name the server, give postgres.secret.urlKey, or set postgres.bundled.enabled=true" .Values.postgres.existing.host }}
{{- end -}}
{{- end -}}

{{- define "spotter.postgresPort" -}}
{{ ternary 5432 (int .Values.postgres.existing.port) .Values.postgres.bundled.enabled }}
{{- end -}}

{{- define "spotter.redisHost" -}}
{{- if .Values.redis.bundled.enabled -}}
{{ include "spotter.fullname" . }}-redis
{{- else -}}
{{ required "redis.existing.host is empty: name the server, give redis.secret.urlKey, or set redis.bundled.enabled=true" .Values.redis.existing.host }}
{{- end -}}
{{- end -}}

{{- define "spotter.redisPort" -}}
{{ ternary 6379 (int .Values.redis.existing.port) .Values.redis.bundled.enabled }}
{{- end -}}
