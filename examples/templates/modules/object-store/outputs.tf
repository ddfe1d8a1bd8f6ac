output "url" {
  description = "Where the store answers"
  value       = "https://${var.name}.example.com"
}
