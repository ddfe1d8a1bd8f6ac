{{- define "toolbox.name" -}}{{ .Release.Name }}-{{ .Chart.Name | trunc 5 }}{{- end -}}
{{- define "toolbox.labels" -}}
app: {{ .Chart.Name }}
release: {{ .Release.Name }}
{{- end -}}
