{{- /* Names and labels. */ -}}

{{- define "spotter.fullname" -}}
{{- if contains "spotter" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-spotter" (.Release.Name | trunc 32 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- /* What selects every pod of the release. */ -}}
{{- define "spotter.selector" -}}
app.kubernetes.io/name: spotter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* What selects the pods of one component. Takes root and component. */ -}}
{{- define "spotter.componentSelector" -}}
{{ include "spotter.selector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* Labels of an object that belongs to no component. */ -}}
{{- define "spotter.commonLabels" -}}
{{ include "spotter.selector" . }}
app.kubernetes.io/part-of: spotter
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- /* Labels of an object of one component. Takes root and component. */ -}}
{{- define "spotter.labels" -}}
{{ include "spotter.commonLabels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* The image; takes root and gpu. A digest wins over the tag. */ -}}
{{- define "spotter.image" -}}
{{- $image := .root.Values.image -}}
{{- $tag := default .root.Chart.AppVersion $image.tag -}}
{{- $digest := ternary .root.Values.pose.gpu.digest $image.digest .gpu -}}
{{- if $digest -}}
{{ $image.repository }}@{{ $digest }}
{{- else -}}
{{ $image.repository }}:{{ $tag }}{{ if .gpu }}{{ $image.cudaSuffix }}{{ end }}
{{- end -}}
{{- end -}}
