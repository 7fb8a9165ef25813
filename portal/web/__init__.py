"""What all pages share: forms, fragments, session, security headers, filters, assets."""
