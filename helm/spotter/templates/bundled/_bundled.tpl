{{- /* Head of a bundled engine's pod. Takes root, component, values, uid. */ -}}
{{- define "spotter.bundledPod" -}}
metadata:
  labels:
    {{- with .root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- include "spotter.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ include "spotter.fullname" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 60
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "spotter.podSecurity" .uid | nindent 4 }}
  {{- with include "spotter.placement" (dict "values" .values "gpu" dict) | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* The disk of a bundled engine. Takes root, component, values. */ -}}
{{- define "spotter.bundledDisk" -}}
volumeClaimTemplates:
  - metadata:
      name: data
      labels:
        {{- include "spotter.componentSelector" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .values.storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ .values.storage }}}}
{{- end -}}

{{- /* Its Service. Takes root, component, port. */ -}}
{{- define "spotter.bundledService" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "spotter.fullname" .root }}-{{ .component }}
  labels:
    {{- include "spotter.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "spotter.componentSelector" . | nindent 4 }}
  ports:
    - {name: {{ .component }}, port: {{ .port }}, targetPort: {{ .component }}}
{{- end -}}
