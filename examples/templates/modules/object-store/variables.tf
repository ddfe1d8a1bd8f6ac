variable "name" {
  description = "Name of the store, part of its address"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "Use 3 to 41 lower case letters, digits and hyphens."
  }
}

variable "size_gb" {
  description = "How much it may hold"
  type        = number
  default     = 10
}

variable "rules" {
  description = "When objects are deleted"
  type = list(object({
    prefix = string
    days   = optional(number, 30)
  }))
  default = []
}

variable "access_key" {
  description = "Key of the account that it is made with"
  type        = string
  sensitive   = true
}

variable "labels" {
  type    = map(string)
  default = {}
}
