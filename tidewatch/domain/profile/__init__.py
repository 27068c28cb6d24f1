"""Small mergeable summaries of data sets: how they are counted, kept and added up."""
