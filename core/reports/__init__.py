"""What leaves Gapscope: HTML reports, CSV and Parquet, FiftyOne and COCO files, the render brief."""
