{{- /*
Environment of one container. Takes root and component.

Passwords come from Secrets: Postgres' by libpq's own PGPASSWORD, Redis' by Kubernetes' $(NAME) in the URL.
*/ -}}
{{- define "spotter.env" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
{{- $needs := index (include "spotter.needs" .root | fromYaml) .component -}}
- name: SPOTTER_SITE
  value: {{ $v.site | quote }}
- name: SPOTTER_LOG__FORMAT
  value: json
- name: SPOTTER_METRICS__HOST
  value: {{ $v.bindAddress | quote }}
- name: SPOTTER_METRICS__PORT
  value: "9100"
- name: SPOTTER_BUS__KIND
  value: kafka
{{- if $needs.kafka }}
{{ include "spotter.kafkaEnv" $root }}
{{- end }}
{{- if $needs.postgres }}
{{ include "spotter.postgresEnv" $root }}
{{- end }}
{{- if $needs.redis }}
{{ include "spotter.redisEnv" $root }}
{{- end }}
{{- include "spotter.flatten" (dict "prefix" "SPOTTER" "values" $v.settings) }}
{{- end -}}

{{- define "spotter.kafkaEnv" -}}
{{- $k := .Values.kafka.existing -}}
- name: SPOTTER_BUS__KAFKA__SERVERS
  value: {{ include "spotter.kafkaServers" . | quote }}
{{- if not .Values.kafka.bundled.enabled }}
- name: SPOTTER_BUS__KAFKA__SECURITY
  value: {{ $k.security }}
{{- if $k.secret.name }}
- name: SPOTTER_BUS__KAFKA__MECHANISM
  value: {{ $k.mechanism }}
- name: SPOTTER_BUS__KAFKA__USERNAME
  valueFrom: {secretKeyRef: {name: {{ $k.secret.name }}, key: {{ $k.secret.usernameKey }}}}
- name: SPOTTER_BUS__KAFKA__PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $k.secret.name }}, key: {{ $k.secret.passwordKey }}}}
{{- else if hasPrefix "sasl" $k.security }}
{{- fail (printf "kafka.existing.security is %s, and kafka.existing.secret.name is empty: name the Secret with user and password" $k.security) }}
{{- end }}
{{- if $k.tls.secret }}
{{- range $field, $key := dict "CA_FILE" $k.tls.caKey "CERT_FILE" $k.tls.certKey "KEY_FILE" $k.tls.keyKey }}
{{- if $key }}
- name: SPOTTER_BUS__KAFKA__{{ $field }}
  value: /etc/spotter/kafka/{{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "spotter.postgresEnv" -}}
{{- $p := .Values.postgres -}}
{{- if and $p.secret.urlKey (not $p.bundled.enabled) -}}
- name: SPOTTER_STORE__URL
  valueFrom: {secretKeyRef: {name: {{ $p.secret.name }}, key: {{ $p.secret.urlKey }}}}
{{- else -}}
- name: PGPASSWORD
  valueFrom: {secretKeyRef: {name: {{ $p.secret.name }}, key: {{ $p.secret.passwordKey }}}}
- name: SPOTTER_STORE__URL
  value: postgresql+psycopg2://{{ $p.user }}@{{ include "spotter.postgresHost" . }}:{{ include "spotter.postgresPort" . }}/{{ $p.database }}
{{- if and $p.existing.sslMode (not $p.bundled.enabled) }}
- name: PGSSLMODE
  value: {{ $p.existing.sslMode }}
{{- end }}
{{- end }}
{{- if and $p.existing.tls.secret (not $p.bundled.enabled) }}
- name: PGSSLROOTCERT
  value: /etc/spotter/postgres/{{ $p.existing.tls.caKey }}
{{- end }}
{{- end -}}

{{- define "spotter.redisEnv" -}}
{{- $r := .Values.redis -}}
- name: SPOTTER_STATE__KIND
  value: redis
{{- if and $r.secret.urlKey (not $r.bundled.enabled) }}
- name: SPOTTER_STATE__URL
  valueFrom: {secretKeyRef: {name: {{ $r.secret.name }}, key: {{ $r.secret.urlKey }}}}
{{- else }}
{{- $scheme := ternary "redis" (ternary "rediss" "redis" $r.existing.tls) $r.bundled.enabled }}
{{- $user := ternary "" $r.existing.user $r.bundled.enabled }}
{{- $database := ternary 0 (int $r.existing.database) $r.bundled.enabled }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $r.secret.name }}, key: {{ $r.secret.passwordKey }}}}
- name: SPOTTER_STATE__URL
  value: {{ $scheme }}://{{ $user }}:$(REDIS_PASSWORD)@{{ include "spotter.redisHost" . }}:{{ include "spotter.redisPort" . }}/{{ $database }}
{{- end }}
{{- end -}}

{{- /* Nested settings as environment variables: {pose: {input_size: 512}} is SPOTTER_POSE__INPUT_SIZE. */ -}}
{{- define "spotter.flatten" -}}
{{- range $name, $value := .values -}}
{{- $variable := printf "%s_%s" $.prefix (upper $name) -}}
{{- if kindIs "map" $value -}}
{{- include "spotter.flatten" (dict "prefix" (printf "%s_" $variable) "values" $value) -}}
{{- else }}
- name: {{ $variable }}
  value: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
