"""Writers of reports that a pack's draft is measured against, and the judge that reads them all."""
