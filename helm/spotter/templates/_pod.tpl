{{- /* Security of a pod; takes the user and group id. */ -}}
{{- define "spotter.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "spotter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "spotter.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{- /* Spread over nodes and zones, as far as there are any. Takes root and component. */ -}}
{{- define "spotter.spread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "spotter.componentSelector" $ | nindent 6 }}
{{- end }}
{{- end -}}

{{- /*
Template of a pod of Spotter. Takes root, component, values, and optional: config (Secret name and key of a
spotter.yaml), env (more variables, as text), ports (more ports, as text), gpu.
*/ -}}
{{- define "spotter.pod" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
{{- $gpu := default false .gpu -}}
{{- $needs := index (include "spotter.needs" .root | fromYaml) .component -}}
{{- $config := and .config .config.name -}}
{{- $kafkaTls := and $needs.kafka (not $v.kafka.bundled.enabled) $v.kafka.existing.tls.secret -}}
{{- $postgresTls := and $needs.postgres (not $v.postgres.bundled.enabled) $v.postgres.existing.tls.secret -}}
metadata:
  labels:
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "spotter.labels" . | nindent 4 }}
  {{- with $v.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "spotter.fullname" $root }}
  automountServiceAccountToken: false
  # Service links would add variables that begin with the name of the release, and so with SPOTTER_.
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  {{- with $v.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if and $gpu $v.pose.gpu.runtimeClassName }}
  runtimeClassName: {{ $v.pose.gpu.runtimeClassName }}
  {{- end }}
  securityContext:
    {{- include "spotter.podSecurity" 10001 | nindent 4 }}
  containers:
    - name: {{ .component }}
      image: {{ include "spotter.image" (dict "root" $root "gpu" $gpu) }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      command: [spotter]
      args: [serve, {{ .component }}{{ if $config }}, --config, /etc/spotter/config/spotter.yaml{{ end }}]
      env:
        {{- with .env }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- include "spotter.env" . | nindent 8 }}
        {{- if $needs.postgres }}
        - name: SPOTTER_STORE__MIGRATE
          value: never
        {{- end }}
      ports:
        - {name: metrics, containerPort: 9100}
        {{- with .ports }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- include "spotter.probes" . | nindent 6 }}
      {{- $resources := deepCopy .values.resources }}
      {{- if $gpu }}
      {{- $gpus := dict "nvidia.com/gpu" (int $v.pose.gpu.count) }}
      {{- $resources = mergeOverwrite $resources (dict "limits" $gpus "requests" $gpus) }}
      {{- end }}
      resources:
        {{- toYaml $resources | nindent 8 }}
      securityContext:
        {{- include "spotter.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if $config }}
        - {name: config, mountPath: /etc/spotter/config, readOnly: true}
        {{- end }}
        {{- if $kafkaTls }}
        - {name: kafka-tls, mountPath: /etc/spotter/kafka, readOnly: true}
        {{- end }}
        {{- if $postgresTls }}
        - {name: postgres-tls, mountPath: /etc/spotter/postgres, readOnly: true}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: {{ ternary "2Gi" "256Mi" $gpu }}}
    {{- if $config }}
    - name: config
      secret:
        secretName: {{ .config.name }}
        defaultMode: 0440
        items: [{key: {{ .config.key }}, path: spotter.yaml}]
    {{- end }}
    {{- if $kafkaTls }}
    - name: kafka-tls
      secret: {secretName: {{ $v.kafka.existing.tls.secret }}, defaultMode: 0440}
    {{- end }}
    {{- if $postgresTls }}
    - name: postgres-tls
      secret: {secretName: {{ $v.postgres.existing.tls.secret }}, defaultMode: 0440}
    {{- end }}
  {{- with include "spotter.placement" (dict "values" .values "gpu" (ternary $v.pose.gpu dict $gpu)) | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  topologySpreadConstraints:
    {{- include "spotter.spread" . | trim | nindent 4 }}
{{- end -}}

{{- /* Node selection and tolerations. Takes values and gpu (empty: none). */ -}}
{{- define "spotter.placement" -}}
{{- $selector := merge (deepCopy (default dict .gpu.nodeSelector)) (default dict .values.nodeSelector) -}}
{{- $tolerations := concat (default list .gpu.tolerations) (default list .values.tolerations) -}}
{{- with $selector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
