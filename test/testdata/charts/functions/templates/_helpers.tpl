{{- define "functions.hello" -}}
hello {{ .Release.Name }}
{{- end -}}
